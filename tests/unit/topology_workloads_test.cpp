// SPDX-License-Identifier: GPL-2.0-or-later
// The workloads' keys as they are read; what is refused is in testdata/topology/bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using Spec = MmapDioSpec;

const std::string kKernel = "kernels: {k: {source: {package: linux-source-6.1}}}\n";

/// The only workload of a topology that has it alone: "{program: …}".
WorkloadSpec workload(const std::string& keys, int nodes = 2) {
  return read_topology(kKernel + "nodes: {count: " + std::to_string(nodes) + "}\nworkloads: {w: " +
                           keys + "}\n",
                       "/labs/x/one.yaml")
      .workloads.at(0);
}

Spec mmap_dio(const std::string& keys, int nodes = 2) {
  return *workload("{program: mmap-dio" + keys + "}", nodes).mmap_dio;
}

std::string complaint(const std::string& keys, int nodes = 2) {
  try {
    static_cast<void>(mmap_dio(keys, nodes));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

TEST(TopologyMmapDio, DefaultsOfTheFileAreThoseOfTheType) {
  const Spec read = mmap_dio("");
  const Spec plain;
  EXPECT_EQ(read.operation, plain.operation);
  EXPECT_EQ(read.direction, plain.direction);
  EXPECT_EQ(read.access, plain.access);
  EXPECT_EQ(read.buffer, plain.buffer);
  EXPECT_EQ(read.mapping, plain.mapping);
  EXPECT_EQ(read.resident, plain.resident);
  EXPECT_EQ(read.eviction, plain.eviction);
  EXPECT_EQ(read.alignment, plain.alignment);
  EXPECT_EQ(read.state, plain.state);
  EXPECT_EQ(read.fsync, plain.fsync);
  EXPECT_EQ(read.processes, plain.processes);
  EXPECT_EQ(read.threads, plain.threads);
  EXPECT_EQ(read.disturb, plain.disturb);
  EXPECT_EQ(read.observe, plain.observe);
  EXPECT_EQ(read.inject, plain.inject);
}

TEST(TopologyMmapDio, ReadsEveryAxis) {
  const Spec spec = mmap_dio(
      ", operation: libaio, direction: write, access: buffered, file: own, buffer: own-file,"
      " mapping: private, resident: every-other, eviction: cgroup, alignment: odd, state: hole,"
      " transfer: 1000001, file_size: 4000004, processes: 16, threads: 15, fsync: beside,"
      " disturb: [demote, evict], inject: stale-block");
  EXPECT_EQ(spec.operation, Spec::Operation::libaio);
  EXPECT_EQ(spec.direction, Spec::Direction::write);
  EXPECT_EQ(spec.access, Spec::Access::buffered);
  EXPECT_EQ(spec.buffer, Spec::Buffer::own_file);
  EXPECT_EQ(spec.mapping, Spec::Mapping::private_);
  EXPECT_EQ(spec.resident, Spec::Resident::every_other);
  EXPECT_EQ(spec.eviction, Spec::Eviction::cgroup);
  EXPECT_EQ(spec.alignment, Spec::Alignment::odd);
  EXPECT_EQ(spec.state, Spec::State::hole);
  EXPECT_EQ(spec.transfer, Bytes{1000001});
  EXPECT_EQ(spec.file_size, Bytes{4000004});
  EXPECT_EQ(spec.processes, 16);
  EXPECT_EQ(spec.threads, 15);
  EXPECT_EQ(spec.fsync, Spec::Fsync::beside);
  EXPECT_THAT(spec.disturb, ElementsAre(Spec::Disturbance::demote, Spec::Disturbance::evict));
  EXPECT_THAT(spec.observe, IsEmpty());
  EXPECT_EQ(spec.inject, Spec::Fault::stale_block);
}

TEST(TopologyMmapDio, AListMayBeOneWord) {
  const Spec spec = mmap_dio(", operation: write, buffer: anonymous, observe: direct, disturb: []");
  EXPECT_THAT(spec.observe, ElementsAre(Spec::Observer::direct));
  EXPECT_THAT(spec.disturb, IsEmpty());
}

TEST(TopologyMmapDio, EachWordIsItsEnumerator) {
  EXPECT_EQ(mmap_dio(", operation: readv").operation, Spec::Operation::readv);
  EXPECT_EQ(mmap_dio(", operation: writev").operation, Spec::Operation::writev);
  EXPECT_EQ(mmap_dio(", operation: io_uring").operation, Spec::Operation::io_uring);
  EXPECT_EQ(mmap_dio(", operation: fiemap").operation, Spec::Operation::fiemap);
  EXPECT_EQ(mmap_dio(", operation: write, access: append").access, Spec::Access::append);
  EXPECT_EQ(mmap_dio(", buffer: same-page").buffer, Spec::Buffer::same_page);
  EXPECT_EQ(mmap_dio(", buffer: next-process, processes: 2").buffer, Spec::Buffer::next_process);
  EXPECT_EQ(mmap_dio(", resident: first-page").resident, Spec::Resident::first_page);
  EXPECT_EQ(mmap_dio(", resident: all").resident, Spec::Resident::all);
  EXPECT_EQ(mmap_dio(", eviction: pageout").eviction, Spec::Eviction::pageout);
  EXPECT_EQ(mmap_dio(", alignment: sector").alignment, Spec::Alignment::sector);
  EXPECT_EQ(mmap_dio(", state: preallocated").state, Spec::State::preallocated);
  EXPECT_EQ(mmap_dio(", state: crossing-end").state, Spec::State::crossing_end);
  EXPECT_EQ(mmap_dio(", state: past-end").state, Spec::State::past_end);
  EXPECT_EQ(mmap_dio(", operation: write, fsync: after").fsync, Spec::Fsync::after);
  EXPECT_EQ(mmap_dio(", inject: flipped-bit").inject, Spec::Fault::flipped_bit);
  EXPECT_EQ(mmap_dio(", inject: short-return").inject, Spec::Fault::short_return);
}

TEST(TopologyMmapDio, WritesIfTheOperationOrTheDirectionSaysSo) {
  EXPECT_FALSE(mmap_dio("").writes());
  EXPECT_FALSE(mmap_dio(", operation: readv").writes());
  EXPECT_FALSE(mmap_dio(", operation: fiemap").writes());
  EXPECT_FALSE(mmap_dio(", operation: io_uring").writes());
  EXPECT_TRUE(mmap_dio(", operation: io_uring, direction: write").writes());
  EXPECT_TRUE(mmap_dio(", operation: libaio, direction: write").writes());
  EXPECT_TRUE(mmap_dio(", operation: write").writes());
  EXPECT_TRUE(mmap_dio(", operation: writev").writes());
}

TEST(TopologyMmapDio, TransfersAreMultiplesOfWhatTheAlignmentAsksFor) {
  EXPECT_EQ(complaint(", transfer: 4KiB"), "");
  EXPECT_EQ(complaint(", transfer: 512, alignment: sector"), "");
  EXPECT_EQ(complaint(", transfer: 513, alignment: odd, access: buffered"), "");
  EXPECT_THAT(complaint(", transfer: 512, alignment: page"),
              HasSubstr("must be a multiple of 4 KiB"));
  EXPECT_THAT(complaint(", transfer: 1000"), HasSubstr("must be a multiple of 4 KiB"));
  EXPECT_THAT(complaint(", transfer: 513, alignment: sector"),
              HasSubstr("must be a multiple of 512 B"));
  EXPECT_EQ(complaint(", operation: readv, transfer: 4KiB"), "");
  EXPECT_THAT(complaint(", operation: readv, alignment: sector, transfer: 3584"),
              HasSubstr("needs at least 4 KiB"));
}

TEST(TopologyMmapDio, ATransferOfSectorsAsksForTheirAlignmentUnlessItIsWritten) {
  EXPECT_EQ(mmap_dio(", transfer: 1536").alignment, Spec::Alignment::sector);
  EXPECT_EQ(mmap_dio(", transfer: 8KiB").alignment, Spec::Alignment::page);
  EXPECT_EQ(mmap_dio(", transfer: 1536, alignment: odd, access: buffered").alignment,
            Spec::Alignment::odd);
}

TEST(TopologyMmapDio, WhatGoesTogetherAtItsBordersIsAccepted) {
  for (const char* const keys :
       {", operation: write, access: append, buffer: own-file",
        ", operation: write, state: past-end, disturb: [evict, demote], processes: 16",
        ", state: crossing-end, buffer: next-node", ", operation: fiemap, buffer: next-node",
        ", buffer: same-page, operation: write, threads: 16, disturb: [truncate, punch]",
        ", operation: write, buffer: anonymous, state: hole, observe: [mapped, direct, buffered]",
        ", operation: libaio, direction: write, fsync: after"})
    EXPECT_EQ(complaint(keys), "") << keys;
  EXPECT_EQ(complaint(", buffer: own-file, operation: write, fsync: beside", 1), "");
}

TEST(TopologyWorkload, HasAMarginOfFivePercentUnlessItSaysAnother) {
  EXPECT_DOUBLE_EQ(workload("{program: mmap-dio}").margin, 0.05);
  for (const char* const program :
       {"program: mmap-dio", "program: fio, jobs: {rw: read}", "program: lock-ping",
        "program: exec, command: [a], data: 1MiB"})
    for (const char* const margin : {"2.5%", "0.025", "'.025'"})
      EXPECT_DOUBLE_EQ(workload(std::string("{") + program + ", margin: " + margin + "}").margin,
                       0.025)
          << program;
}

TEST(TopologyWorkload, RefusesAMarginThatIsNothingOrEverything) {
  for (const char* const margin :
       {"0", "0%", "100%", "5", "-5%", "1e-2", "five", "nan%", "inf", "1%%"})
    EXPECT_THAT(complaint(std::string(", margin: ") + margin),
                HasSubstr("`margin` must be above 0% and below 100%, such as 5% or 0.05, not `" +
                          std::string(margin) + "`"))
        << margin;
}

TEST(TopologyLockPing, ReadsItsKeys) {
  const LockPingSpec plain = *workload("{program: lock-ping}").lock_ping;
  EXPECT_EQ(plain.locks, 0);
  EXPECT_EQ(plain.data, LockPingSpec::Data::none);
  EXPECT_EQ(plain.processes, 1);
  const WorkloadSpec read =
      workload("{program: lock-ping, locks: 1024, data: mapped, processes: 16, duration: 3s}");
  EXPECT_EQ(read.lock_ping->locks, 1024);
  EXPECT_EQ(read.lock_ping->data, LockPingSpec::Data::mapped);
  EXPECT_EQ(read.lock_ping->processes, 16);
  EXPECT_EQ(read.duration, Milliseconds{3000});
  EXPECT_FALSE(read.mmap_dio || read.fio || read.exec);
  EXPECT_EQ(workload("{program: lock-ping, locks: 7, processes: 3}").lock_ping->locks, 7)
      << "one more than there are processes";
}

TEST(TopologyExec, ReadsItsKeys) {
  const WorkloadSpec read = workload(R"({program: exec,
    files: {/opt/try: ../build/try, /srv/data/in: /abs/in, /root/a..b: c},
    command: [/opt/try, "{node}", "{{}}"],
    prepare: [/opt/try, --make, "{dir}"],
    verify: /opt/verify,
    environment: {SEED: "{seed}", _a1: ""},
    exit: [0, 77, 255],
    data: 64MiB,
    duration: 1m})");
  const ExecSpec& exec = *read.exec;
  ASSERT_EQ(exec.files.size(), 3u);
  EXPECT_EQ(exec.files[0].to, "/opt/try");
  EXPECT_EQ(exec.files[0].from, "/labs/build/try") << "relative to the topology's folder";
  EXPECT_EQ(exec.files[1].from, "/abs/in");
  EXPECT_EQ(exec.files[2].to, "/root/a..b") << "no way out of a folder";
  EXPECT_THAT(exec.command, ElementsAre("/opt/try", "{node}", "{{}}"));
  EXPECT_THAT(exec.prepare, ElementsAre("/opt/try", "--make", "{dir}"));
  EXPECT_THAT(exec.verify, ElementsAre("/opt/verify"));
  EXPECT_THAT(exec.environment, ElementsAre(Pair("SEED", "{seed}"), Pair("_a1", "")));
  EXPECT_THAT(exec.success, ElementsAre(0, 77, 255));
  EXPECT_EQ(exec.data, Bytes::mib(64));
  EXPECT_EQ(read.duration, Milliseconds{60'000});
}

TEST(TopologyExec, ACommandIsEnough) {
  const ExecSpec exec = *workload("{program: exec, command: \"true\"}").exec;
  EXPECT_THAT(exec.command, ElementsAre("true"));
  EXPECT_THAT(exec.files, IsEmpty());
  EXPECT_THAT(exec.prepare, IsEmpty());
  EXPECT_THAT(exec.verify, IsEmpty());
  EXPECT_THAT(exec.environment, IsEmpty());
  EXPECT_THAT(exec.success, ElementsAre(0));
  EXPECT_EQ(exec.data, Bytes{0});
}

TEST(TopologyReference, ItsExamplesAreAccepted) {
  std::ifstream in(std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "docs" / "topology.md");
  const std::string reference{std::istreambuf_iterator<char>(in), {}};
  const std::string fence = "```yaml\n";
  // What they include is not in the reference.
  const Surroundings around{[](const std::filesystem::path&) { return std::string(); },
                            [](const std::filesystem::path&) { return false; }};
  int looked_at = 0;
  for (std::size_t at = reference.find(fence); at != std::string::npos;
       at = reference.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    std::string example = "\n" + reference.substr(begin, reference.find("```", begin) - begin);
    // Of most there is only the part that is explained.
    if (example.find("\nkernels:") == std::string::npos)
      example += "kernels: {unpatched: {source: {dir: linux}}, patched: {from: unpatched}}\n";
    if (example.find("\nworkloads:") == std::string::npos)
      example += "workloads: {self-read: {program: mmap-dio}, read: {program: mmap-dio}, "
                 "write: {program: mmap-dio}}\n";
    EXPECT_NO_THROW(static_cast<void>(read_topology(example, "/labs/example.yaml", &around)))
        << example;
    ++looked_at;
  }
  EXPECT_GE(looked_at, 6);
}

}  // namespace
}  // namespace gridlock
