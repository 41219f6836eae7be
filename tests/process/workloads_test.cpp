// SPDX-License-Identifier: GPL-2.0-or-later
// mmap-dio on the file system the build is on: two nodes are two programs at once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>

#include "base/histogram.h"
#include "base/json.h"
#include "host/command_runner.h"
#include "host/descriptor.h"
#include "support/usage_mistakes.h"
#include "support/work_lines.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr int kTransfer = 64 * 1024;
constexpr int kFileSize = 8 * kTransfer;
constexpr int kTransfersBegin = kFileSize / 2;

class MmapDio : public testing::Test {
 protected:
  void SetUp() override {
    // Not in /tmp: a tmpfs there would know no direct I/O.
    std::string pattern = GRIDLOCK_BINARY_DIR "/mmap-dio-test-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::filesystem::path probe = folder_ / "probe";
    const Descriptor file{::open(probe.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600)};
    if (file.get() < 0) GTEST_SKIP() << "no direct I/O on the file system of " << folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  CommandResult call(std::vector<std::string> arguments) {
    return runner_->run(
        {.program = GRIDLOCK_BINARY_DIR "/node/mmap-dio", .arguments = std::move(arguments)}, {});
  }
  /// Later options win over the common ones.
  CommandResult act(const std::string& action, int node,
                    const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{action,
                                       "--dir",
                                       folder_.string(),
                                       "--node",
                                       std::to_string(node),
                                       "--nodes",
                                       "2",
                                       "--seed",
                                       "11",
                                       "--transfer",
                                       std::to_string(kTransfer),
                                       "--file-size",
                                       std::to_string(kFileSize),
                                       "--duration-ms",
                                       "200",
                                       "--sample-ms",
                                       "50"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call(std::move(arguments));
  }
  void prepare(const std::vector<std::string>& more = {}) {
    for (const int node : {1, 2}) {
      const CommandResult result = act("prepare", node, more);
      ASSERT_TRUE(result.ok()) << result.errors;
    }
  }
  /// Changes one byte of a file.
  void spoil(const std::string& name, std::streamoff at) {
    std::fstream file(folder_ / name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }

  std::filesystem::path folder_;
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
};

class MmapDioCase : public MmapDio, public testing::WithParamInterface<const char*> {};

TEST_P(MmapDioCase, MovesDataRightOnBothNodesAndEachFindsTheOthersRight) {
  const std::vector<std::string> options = words_of(GetParam());
  prepare(options);
  auto other = std::async(std::launch::async, [&] { return act("run", 2, options); });
  const CommandResult results[] = {act("run", 1, options), other.get()};
  for (const CommandResult& result : results) {
    ASSERT_TRUE(result.ok()) << result.output << result.errors;
    const std::vector<Json> lines = lines_of(result.output);
    ASSERT_GE(lines.size(), 2U);
    const Json end = lines.back()["result"];
    EXPECT_GT(end["operations"], 0);
    EXPECT_EQ(end["short"], 0);
    EXPECT_EQ(end["errors"], 0);
    EXPECT_EQ(end["bad"], 0);
    EXPECT_TRUE(end["first_bad"].is_null());
  }
  for (const int node : {1, 2}) {
    const CommandResult verified = act("verify", node, options);
    EXPECT_TRUE(verified.ok()) << verified.output << verified.errors;
    EXPECT_GT(lines_of(verified.output).back()["result"]["checked"], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Axes, MmapDioCase,
    testing::Values(
        "--operation read --buffer same-file", "--operation read --buffer next-node",
        "--operation read --buffer anonymous", "--operation read --buffer own-file",
        "--operation read --buffer same-page", "--operation write --buffer same-file",
        "--operation write --buffer next-node", "--operation write --buffer anonymous",
        "--operation write --buffer own-file", "--operation write --buffer same-page",
        "--operation read --buffer next-process --processes 2",
        "--operation readv --buffer next-node --resident every-other",
        "--operation writev --buffer same-file --resident first-page",
        "--operation libaio --direction read --buffer same-file",
        "--operation libaio --direction write --buffer next-node",
        "--operation io_uring --direction read --buffer next-node",
        "--operation io_uring --direction write --buffer anonymous",
        "--operation fiemap --buffer same-file", "--operation fiemap --buffer next-node",
        "--operation read --state hole", "--operation read --state preallocated",
        "--operation read --state crossing-end", "--operation read --state past-end",
        "--operation read --state past-end --buffer anonymous", "--operation write --state hole",
        "--operation write --state preallocated", "--operation write --state crossing-end",
        "--operation write --state past-end", "--operation write --access append --buffer own-file",
        "--operation write --access append --buffer anonymous",
        "--operation read --access buffered --alignment odd --transfer 65537 --file-size 524296",
        "--operation write --access buffered --alignment odd --transfer 65537 --file-size 524296",
        "--operation read --alignment sector", "--operation read --mapping private",
        "--operation write --alignment sector --transfer 66048 --file-size 528384",
        "--operation read --mapping private --alignment sector --threads 2",
        "--operation write --buffer next-node --mapping private",
        "--operation read --eviction pageout", "--operation write --fsync after",
        "--operation write --buffer anonymous --threads 2 --fsync beside",
        "--operation read --buffer next-node --disturb evict,truncate,punch",
        "--operation read --transfer 4096 --file-size 8192",
        "--operation read --alignment sector --transfer 512 --file-size 1024",
        "--operation read --threads 16 --file-size 131072"),
    [](const auto& param) {
      std::string name = param.param;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

TEST_F(MmapDio, WatchesTheOtherNodesBlocksInEveryWayAndIsTold) {
  const std::vector<std::string> options = words_of(
      "--operation write --buffer anonymous --threads 2 --observe buffered,direct,mapped --peers "
      "127.0.0.1:" +
      std::to_string(20000 + ::getpid() % 20000) +
      ",127.0.0.1:" + std::to_string(40000 + ::getpid() % 20000));
  prepare(options);
  auto other = std::async(std::launch::async, [&] { return act("run", 2, options); });
  const CommandResult result = act("run", 1, options);
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  EXPECT_TRUE(other.get().ok());
  std::map<std::string, std::int64_t> checked;
  for (const Json& line : lines_of(result.output))
    if (line.contains("worker"))
      checked[line["worker"].get<std::string>()] = line.value("checked", std::int64_t{0});
  for (const char* const observer : {"observe.buffered", "observe.direct", "observe.mapped"})
    EXPECT_GT(checked[observer], 0) << observer;
}

TEST_F(MmapDio, SamplesTellTotalsOfEachWorkerAndHowLongItsTransfersTook) {
  prepare(words_of("--processes 2 --threads 2"));
  const CommandResult result =
      act("run", 1, words_of("--processes 2 --threads 2 --buffer anonymous"));
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  const std::vector<Json> lines = lines_of(result.output);
  std::map<std::string, std::int64_t> operations;
  std::map<std::string, std::int64_t> timed;
  for (const Json& line : lines) {
    if (line.contains("result")) continue;
    const auto worker = line["worker"].get<std::string>();
    EXPECT_GE(line["operations"].get<std::int64_t>(), operations[worker]);
    operations[worker] = line["operations"].get<std::int64_t>();
    if (!line.contains("latency")) continue;
    for (const Json& bucket : line["latency"]) {
      EXPECT_LT(bucket[0].get<std::size_t>(), histogram::kBuckets);
      timed[worker] += bucket[1].get<std::int64_t>();
    }
  }
  ASSERT_EQ(operations.size(), 4U);
  std::int64_t sum = 0;
  for (const auto& [worker, count] : operations) {
    EXPECT_EQ(timed[worker], count) << worker;
    sum += count;
  }
  const Json end = lines.back()["result"];
  EXPECT_EQ(end["operations"], sum) << "the last sample is the end";
  EXPECT_EQ(end["bytes"], sum * kTransfer);
}

TEST_F(MmapDio, EvictsTheBufferBeforeATransferAndBringsBackWhatIsToBeResident) {
  const int pages = kTransfer / 4096;
  for (const auto& [resident, there] : std::vector<std::pair<std::string, int>>{
           {"none", 0}, {"first-page", 1}, {"every-other", pages / 2}, {"all", pages}}) {
    const std::vector<std::string> options{"--buffer", "own-file", "--resident", resident};
    prepare(options);
    const CommandResult done = act("run", 1, options);
    ASSERT_TRUE(done.ok()) << done.output << done.errors;
    const Json end = lines_of(done.output).back()["result"];
    const auto operations = end["operations"].get<std::int64_t>();
    // The kernel may read more than was touched.
    EXPECT_GE(end["notes"]["resident"].get<std::int64_t>(), operations * there) << resident;
    EXPECT_EQ(end["notes"]["resident"].get<std::int64_t>() +
                  end["notes"]["nonresident"].get<std::int64_t>(),
              operations * pages);
    if (there == 0) {
      EXPECT_GT(end["notes"]["nonresident"], 0);
    }
  }
}

TEST_F(MmapDio, PlainMemoryThatAHoleIsReadIntoIsColdAndFilledByTurns) {
  const std::vector<std::string> options = words_of("--buffer anonymous --state hole");
  prepare(options);
  const CommandResult done = act("run", 1, options);
  ASSERT_TRUE(done.ok()) << done.output << done.errors;
  const Json end = lines_of(done.output).back()["result"];
  const int pages = kTransfer / 4096;
  const auto half = end["operations"].get<std::int64_t>() / 2;
  EXPECT_GE(end["notes"]["resident"].get<std::int64_t>(), half * pages);
  EXPECT_GE(end["notes"]["nonresident"].get<std::int64_t>(), half * pages);
}

TEST_F(MmapDio, RunsAgainOnWhatAnEarlierRunLeft) {
  prepare();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(act("run", 1, {"--duration-ms", "60"}).ok());
  EXPECT_TRUE(act("verify", 2).ok());
}

TEST_F(MmapDio, EndsWithItsResultWhenItIsToldToEnd) {
  prepare();
  // A broken promise is counted and does not end the run.
  std::vector<std::string> arguments{
      "--preserve-status", "-s", "TERM", "0.3", GRIDLOCK_BINARY_DIR "/node/mmap-dio", "run"};
  for (const std::string& word :
       words_of("--node 1 --nodes 2 --seed 11 --transfer 65536 --file-size 524288 --duration-ms "
                "600000 --inject short-return --dir " +
                folder_.string()))
    arguments.push_back(word);
  const CommandResult result = runner_->run({.program = "timeout", .arguments = arguments}, {});
  EXPECT_EQ(result.value, 1) << result.output << result.errors;
  EXPECT_EQ(lines_of(result.output).back()["result"]["short"], 1);
}

struct Injected {
  const char* fault;
  const char* options;
  const char* what;
};

class MmapDioFault : public MmapDio, public testing::WithParamInterface<Injected> {};

TEST_P(MmapDioFault, IsFound) {
  std::vector<std::string> options = words_of(GetParam().options);
  options.insert(options.end(), {"--inject", GetParam().fault});
  prepare(options);
  CommandResult result = act("run", 1, options);
  // It happens to the fifth transfer, which a host at work may not come to so soon.
  if (lines_of(result.output).back()["result"]["operations"] < 5) {
    prepare(options);
    options.insert(options.end(), {"--duration-ms", "5000"});
    result = act("run", 1, options);
  }
  EXPECT_EQ(result.value, 1) << result.output << result.errors;
  const Json end = lines_of(result.output).back()["result"];
  if (std::string(GetParam().fault) == "short-return") {
    EXPECT_EQ(end["short"], 1);
    EXPECT_THAT(end["first_error"].get<std::string>(), HasSubstr(GetParam().what));
    return;
  }
  EXPECT_GE(end["bad"], 1);
  ASSERT_TRUE(end["first_bad"].is_object()) << result.output;
  EXPECT_THAT(end["first_bad"]["what"].get<std::string>(), HasSubstr(GetParam().what));
  EXPECT_NE(end["first_bad"]["expected"], end["first_bad"]["found"]);
  EXPECT_THAT(end["first_bad"]["reader"].get<std::string>(), HasSubstr("node1 1.1"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, MmapDioFault,
    testing::Values(
        Injected{"flipped-bit", "--operation read", "torn or overwritten from byte 200"},
        Injected{"flipped-bit", "--operation read --buffer anonymous", "from byte 200"},
        Injected{"flipped-bit", "--operation write --buffer anonymous", "from byte 200"},
        Injected{"flipped-bit", "--operation write --buffer next-node", "from byte 200"},
        Injected{"flipped-bit", "--operation read --state hole", "not zeros"},
        Injected{"flipped-bit", "--operation write --access append", "from byte 200"},
        Injected{"stale-block", "--operation read", "stale: version 0 instead of 1"},
        Injected{"stale-block", "--operation write --buffer anonymous", "stale: version"},
        Injected{"stale-block", "--operation io_uring --direction write", "stale: version"},
        Injected{"lost-transfer", "--operation read", "instead of"},
        Injected{"lost-transfer", "--operation read --buffer anonymous", "zeros"},
        Injected{"lost-transfer", "--operation read --state hole", "not zeros"},
        Injected{"lost-transfer", "--operation read --state hole --buffer anonymous", "not zeros"},
        Injected{"lost-transfer", "--operation read --state preallocated --buffer anonymous",
                 "not zeros"},
        Injected{"lost-transfer", "--operation write --buffer anonymous", "stale: version"},
        Injected{"lost-transfer", "--operation write --buffer own-file", "instead of"},
        Injected{"lost-transfer", "--operation write --state hole", "zeros"},
        Injected{"short-return", "--operation read", "bytes moved instead of"},
        Injected{"short-return", "--operation write --buffer anonymous", "bytes moved instead of"},
        Injected{"short-return", "--operation libaio", "bytes moved instead of"}),
    [](const auto& param) { return "Number" + std::to_string(param.index); });

TEST_F(MmapDio, VerifyFindsOneWrongByteAndSaysWhere) {
  prepare();
  const int at = kTransfersBegin + kTransfer + 512;
  spoil("node1.1.data", at + 100);
  const CommandResult result = act("verify", 2);
  EXPECT_EQ(result.value, 1);
  const Json verified = lines_of(result.output).at(0)["result"];
  EXPECT_EQ(verified["bad"], 2) << "through the page cache, and directly";
  EXPECT_EQ(verified["first_bad"]["file"], "node1.1.data");
  EXPECT_EQ(verified["first_bad"]["offset"], at);
  EXPECT_EQ(verified["first_bad"]["what"], "torn or overwritten from byte 96");
  EXPECT_EQ(verified["first_bad"]["reader"], "node2 verify");
  EXPECT_NE(verified["first_bad"]["expected"], verified["first_bad"]["found"]);
}

TEST_F(MmapDio, VerifyLooksAtTheNextNodeOfTheRingOrAtWhomItIsTold) {
  for (const char* const node : {"1", "3"})
    ASSERT_TRUE(act("prepare", 1, {"--node", node, "--nodes", "3", "--ring", "1,3"}).ok());
  const int at = kTransfersBegin + kTransfer + 512;
  spoil("node3.1.data", at);
  const auto verify = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--nodes", "3"});
    return act("verify", 1, more);
  };
  const CommandResult in_ring = verify({"--ring", "1,3"});
  EXPECT_EQ(in_ring.value, 1) << in_ring.errors;
  EXPECT_EQ(lines_of(in_ring.output).at(0)["result"]["first_bad"]["file"], "node3.1.data");
  EXPECT_EQ(verify({"--looks-at", "3"}).value, 1);
  EXPECT_TRUE(verify({"--looks-at", "1"}).ok());
  EXPECT_EQ(verify({"--ring", "2,3"}).value, 2) << "it is not in the ring itself";
}

TEST_F(MmapDio, RunFindsBadDataInWhatItRead) {
  prepare();
  spoil("node1.1.data", kTransfersBegin + 512 + 200);
  const CommandResult result = act("run", 1, {"--buffer", "anonymous"});
  EXPECT_EQ(result.value, 1);
  const Json end = lines_of(result.output).back()["result"];
  EXPECT_GT(end["bad"], 0);
  EXPECT_EQ(end["first_bad"]["what"], "torn or overwritten from byte 200");
}

TEST_F(MmapDio, VerifyFindsZerosAndAFileThatEndsEarly) {
  prepare();
  std::filesystem::resize_file(folder_ / "node1.1.data", kTransfersBegin);
  std::filesystem::resize_file(folder_ / "node1.1.data", kTransfersBegin + kTransfer);
  const CommandResult result = act("verify", 2);
  EXPECT_EQ(result.value, 1);
  const Json verified = lines_of(result.output).at(0)["result"];
  EXPECT_GT(verified["bad"], 2 * kTransfer / 512);
  EXPECT_THAT(verified["first_bad"]["what"].get<std::string>(), HasSubstr("the file ends here"));
}

TEST_F(MmapDio, VerifyFindsAWriteThatNeverReachedTheFile) {
  const std::vector<std::string> options{"--operation", "write", "--buffer", "anonymous"};
  prepare(options);
  const std::filesystem::path file = folder_ / "node1.1.data";
  std::filesystem::copy_file(file, folder_ / "before");
  ASSERT_TRUE(act("run", 1, options).ok());
  std::filesystem::rename(folder_ / "before", file);
  const CommandResult result = act("verify", 2, options);
  EXPECT_EQ(result.value, 1);
  EXPECT_THAT(lines_of(result.output).at(0)["result"]["first_bad"]["what"].get<std::string>(),
              HasSubstr("stale: version 1 instead of"));
}

TEST_F(MmapDio, VerifyDoesNotBelieveHalfOfWhatAWriterKnew) {
  prepare();
  ASSERT_TRUE(act("run", 1).ok());
  const std::filesystem::path state = folder_ / "node1.1.state";
  std::filesystem::resize_file(state, std::filesystem::file_size(state) / 2);
  const CommandResult result = act("verify", 2);
  EXPECT_EQ(result.value, 4);
  EXPECT_THAT(result.errors, HasSubstr("not the whole of what its writer knew"));
}

TEST_F(MmapDio, SaysWhatItCannotOpen) {
  const CommandResult result = act("run", 1);
  EXPECT_EQ(result.value, 4);
  EXPECT_THAT(result.errors, HasSubstr("node1.1.data: No such file"));
}

TEST_F(MmapDio, RefusesAFileThatIsSmallerThanItWasPrepared) {
  prepare();
  std::filesystem::resize_file(folder_ / "node2.1.data", kTransfer);
  const CommandResult result = act("run", 1, {"--buffer", "next-node"});
  EXPECT_EQ(result.value, 4);
  EXPECT_THAT(result.errors, HasSubstr("smaller than it was prepared"));
}

TEST(MmapDioUsage, ExplainsWhatIsWrong) {
  const std::string base = "run --dir /x --node 1 --nodes 2 ";
  expect_usage_mistakes(
      "mmap-dio", {{base + "--transfer 5000", "multiple of 4096"},
                   {base + "--transfer 5000 --alignment sector", "multiple of 512"},
                   {base + "--alignment odd", "needs --access buffered"},
                   {"run --dir /x --node 1 --nodes 1 --buffer next-node", "at least two nodes"},
                   {base + "--buffer next-process", "at least two processes"},
                   {base + "--operation fiemap --buffer anonymous", "mapped --buffer"},
                   {base + "--access append", "an operation that writes"},
                   {base + "--state past-end --threads 2", "--threads must be 1"},
                   {base + "--fsync after", "an operation that writes"},
                   {base + "--observe direct", "writes from --buffer anonymous"},
                   {base + "--disturb demote", "--glock-table"},
                   {base + "--peers 10.0.0.1:1", "one for each node"},
                   {base + "--peers nonsense", "ADDRESS:PORT"},
                   {base + "--operation dance", "none of read write"},
                   {"run --transfer 1e6", "not a number"}});
}

}  // namespace
}  // namespace gridlock
