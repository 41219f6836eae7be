// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "support/sample_plan.h"
#include "workload/fio_reader.h"
#include "workload/programs.h"

namespace gridlock {
namespace {

const std::string kFioOutput =
    "fio: note\n{\"fio version\":\"fio-3.33\",\"jobs\":[{\"jobname\":\"a}b\\\"{\",\"error\":0,"
    "\"read\":{\"io_bytes\":1000,\"bw_bytes\":500.5,\"total_ios\":4,\"short_ios\":0},"
    "\"write\":{\"io_bytes\":2000,\"bw_bytes\":700,\"total_ios\":5,\"short_ios\":0}}]}\n"
    "{\"jobs\":[{\"jobname\":\"a\",\"error\":0,"
    "\"read\":{\"io_bytes\":3000,\"bw_bytes\":600,\"total_ios\":40,\"short_ios\":1},"
    "\"write\":{\"io_bytes\":4000,\"bw_bytes\":800,\"total_ios\":50,\"short_ios\":0}}]}\n";

TEST(FioReader, ReadsWholeObjectsAndAddsUpJobsAndDirections) {
  FioReader reader;
  reader.feed(kFioOutput);
  reader.program_ended(true);
  EXPECT_EQ(reader.counters().samples, 2u);
  EXPECT_EQ(reader.counters().operations, 90u);
  EXPECT_EQ(reader.counters().bytes, 7000u);
  EXPECT_EQ(reader.counters().short_transfers, 1u);
  EXPECT_DOUBLE_EQ(reader.counters().read_rate.value_or(0), 600);
  EXPECT_DOUBLE_EQ(reader.counters().write_rate.value_or(0), 800);
  EXPECT_TRUE(reader.has_result());
}

TEST(FioReader, EndWithoutOutputIsNoResult) {
  FioReader reader;
  reader.program_ended(true);
  EXPECT_FALSE(reader.has_result());
}

TEST(FioReader, FailedJobIsAnErrorEvenWithoutACount) {
  FioReader reader;
  reader.feed("{\"jobs\":[{\"jobname\":\"j\",\"error\":5,\"read\":{},\"write\":{}}]}");
  EXPECT_EQ(reader.counters().errors, 1u);
  EXPECT_EQ(reader.counters().first_error, "fio job j: error 5");
}

TEST(FioReader, TellsASeriesAndTheWorstOfItsLatencies) {
  FioReader reader;
  std::vector<Milliseconds> at;
  reader.on_sample([&](const std::string& worker, const WorkerState& state) {
    EXPECT_EQ(worker, "1");
    at.push_back(state.sample.at);
  });
  const std::string job =
      "{\"jobs\":[{\"jobname\":\"a\",\"job_runtime\":1500,\"read\":{\"runtime\":500,\"total_ios\":4,\"clat_ns\":{\"max\":"
      "9000,\"percentile\":{\"50.000000\":2000,\"99.000000\":8000}}},\"write\":{\"total_ios\":1,"
      "\"clat_ns\":{\"max\":7000,\"percentile\":{\"50.000000\":3000}}}}]}";
  reader.feed(job);
  EXPECT_EQ(at, std::vector{Milliseconds{500}});
  ASSERT_TRUE(reader.counters().latency);
  EXPECT_DOUBLE_EQ(reader.counters().latency->p50_us, 3);
  EXPECT_DOUBLE_EQ(reader.counters().latency->p99_us, 8);
  EXPECT_DOUBLE_EQ(reader.counters().latency->max_us, 9);
  EXPECT_EQ(reader.own_result(), job);
}

/// One object of fio's: reads, and how many of them took 2056 and 9280 ns.
std::string fio_object(int runtime, int reads, int fast, int slow) {
  return "{\"jobs\":[{\"jobname\":\"a\",\"job_runtime\":99999,\"read\":{\"runtime\":" +
         std::to_string(runtime) + ",\"total_ios\":" + std::to_string(reads) +
         ",\"io_bytes\":" + std::to_string(10 * reads) + ",\"clat_ns\":{\"bins\":{\"2056\":" +
         std::to_string(fast) + ",\"9280\":" + std::to_string(slow) +
         "}}},\"write\":{\"runtime\":0,\"total_ios\":0,\"clat_ns\":{\"max\":0}}}]}\n";
}

TEST(FioReader, LatenciesOfASampleAreOfWhatEndedSinceTheLast) {
  FioReader reader;
  Sample last;
  reader.on_sample([&](const std::string&, const WorkerState& state) { last = state.sample; });
  using Latency = decltype(last.latency);
  reader.feed(fio_object(500, 5, 4, 1));
  EXPECT_EQ(last.latency, (Latency{{histogram::bucket_of(2056), 4}, {histogram::bucket_of(9280), 1}}));
  reader.feed(fio_object(1000, 12, 4, 8));
  EXPECT_EQ(last.at, Milliseconds{1000});
  EXPECT_EQ(last.latency, (Latency{{histogram::bucket_of(9280), 7}}));
}

TEST(FioReader, TimeGoesOnWhereAJobBeginsToCountAnewBehindItsRamp) {
  FioReader reader;
  Sample last;
  reader.on_sample([&](const std::string&, const WorkerState& state) { last = state.sample; });
  reader.feed(fio_object(900, 90, 90, 0));
  reader.feed(fio_object(400, 40, 39, 1));
  EXPECT_EQ(last.at, Milliseconds{1300});
  EXPECT_EQ(last.operations, 130u);
  EXPECT_EQ(last.bytes, 1300u);
  EXPECT_EQ(last.latency.size(), 2u);
  EXPECT_EQ(reader.counters().operations, 40u) << "fio's own total leaves the ramp out";
}

TEST(FioReader, BinsThatAreNoneAreLeftOut) {
  for (const char* const bins : {"7", "[1]", "{\"x\":1}", "{\"5\":-1}", "{\"5\":\"y\"}"}) {
    FioReader reader;
    reader.feed(std::string("{\"jobs\":[{\"read\":{\"total_ios\":3,\"clat_ns\":{\"bins\":") + bins +
                "}}}]}");
    EXPECT_EQ(reader.counters().operations, 3u) << bins;
    EXPECT_TRUE(reader.workers().at("1").sample.latency.empty()) << bins;
  }
}

TEST(FioReader, EveryWayOfCuttingTheOutputGivesTheSameCounters) {
  for (std::size_t cut = 1; cut < 60; ++cut) {
    FioReader fio;
    for (std::size_t at = 0; at < kFioOutput.size(); at += cut)
      fio.feed(std::string_view(kFioOutput).substr(at, cut));
    ASSERT_EQ(fio.counters().operations, 90u) << cut;
  }
}

TEST(NodeProgram, MmapDioGetsTheNodesNumberAndTheRing) {
  const Plan plan = sample_plan();
  const NodeProgram program = node_program(plan, plan.workloads[0], NodeId{2}, 42);
  const std::string words = [&] {
    std::string text;
    for (const std::string& word : program.run.argv) text += word + " ";
    return text;
  }();
  EXPECT_EQ(words.rfind("/gridlock/bin/mmap-dio run --dir /mnt/shared/self-read --node 2 --nodes 2 --seed 42 ", 0), 0u)
      << words;
  EXPECT_NE(words.find("--buffer same-file"), std::string::npos);
  EXPECT_NE(words.find("--duration-ms 5000"), std::string::npos);
  EXPECT_NE(words.find("--seed 42"), std::string::npos);
  ASSERT_TRUE(program.prepare && program.verify);
  EXPECT_EQ(program.prepare->argv[1], "prepare");
}

TEST(NodeProgram, LockPingGetsItsRingInTheWordsOfTheTopology) {
  Plan plan = sample_plan();
  WorkloadSpec ping;
  ping.name = "ping";
  ping.lock_ping = LockPingSpec{.locks = 8, .data = LockPingSpec::Data::mapped, .processes = 3};
  ping.duration = Milliseconds{5000};
  plan.workloads = {ping};
  NodeProgram program = node_program(plan, ping, NodeId{2}, 42);
  const std::vector<std::string> rest{
      "--dir", "/mnt/shared/ping", "--node", "2", "--nodes", "2", "--seed", "42", "--locks", "8",
      "--data", "mapped", "--processes", "3", "--duration-ms", "5000", "--sample-ms", "200"};
  ASSERT_TRUE(program.prepare && program.verify);
  for (auto [job, action] : {std::pair{&*program.prepare, "prepare"}, std::pair{&program.run, "run"},
                             std::pair{&*program.verify, "verify"}}) {
    std::vector<std::string> words{"/gridlock/bin/lock-ping", action};
    words.insert(words.end(), rest.begin(), rest.end());
    EXPECT_EQ(job->argv, words);
  }
  program.reader->feed("gridlock {\"worker\":\"1.1\",\"t_ms\":200,\"operations\":9}\n");
  EXPECT_EQ(program.reader->counters().operations, 9u);
}

TEST(NodeProgram, FioJobComesOnStandardInputAndNeverAsAnOption) {
  Plan plan = sample_plan();
  WorkloadSpec stream;
  stream.name = "stream";
  stream.fio = FioSpec{{{"rw", "rw"}, {"bs", "256k"}}};
  stream.duration = Milliseconds{3000};
  plan.workloads = {stream};
  const NodeProgram one = node_program(plan, stream, NodeId{1}, 7);
  const NodeProgram two = node_program(plan, stream, NodeId{2}, 7);
  EXPECT_NE(one.run.input.find("rw=rw\nbs=256k\n"), std::string::npos) << one.run.input;
  EXPECT_NE(one.run.input.find("runtime=3000ms"), std::string::npos);
  EXPECT_NE(one.run.input.find("group_reporting=1\n"), std::string::npos);
  EXPECT_NE(one.run.input.find("directory=/mnt/shared/stream\n"), std::string::npos);
  EXPECT_NE(one.run.input, two.run.input);
  EXPECT_EQ(std::count(one.run.argv.begin(), one.run.argv.end(), "rw=rw"), 0);
}

TEST(OperationOf, IsWhatTheTopologySays) {
  WorkloadSpec mmap_dio;
  mmap_dio.mmap_dio = MmapDioSpec{};
  EXPECT_EQ(operation_of(mmap_dio), "read");
  mmap_dio.mmap_dio->operation = MmapDioSpec::Operation::write;
  EXPECT_EQ(operation_of(mmap_dio), "write");
  WorkloadSpec fio;
  fio.fio = FioSpec{{{"rw", "randread"}, {"bs", "4k"}}};
  EXPECT_EQ(operation_of(fio), "randread");
  fio.fio = FioSpec{{{"readwrite", "randrw"}}};
  EXPECT_EQ(operation_of(fio), "randrw");
  fio.fio = FioSpec{{{"bs", "4k"}}};
  EXPECT_EQ(operation_of(fio), "read");
}

}  // namespace
}  // namespace gridlock
