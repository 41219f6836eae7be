// SPDX-License-Identifier: GPL-2.0-or-later
// The demo's topology on two real nodes and the real pair of kernels, each trial from a formed lab,
// and what run.json says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "support/real_run.h"

namespace gridlock {
namespace {

/// What the DLM of 6.1 prints when a node leaves a peer it has two connections with.
constexpr const char* kLeaveReport =
    "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)";

/// Every test's run; the framework ends it.
RealRun& demo() {
  static auto* const run = new RealRun(
      "demo-test", {},
      {"run", GRIDLOCK_SOURCE_DIR "/topologies/gfs2-mmap-dio.yaml", "--start", "formed"},
      std::chrono::minutes(70));
  return *run;
}

const FindingRecord* find_kind(const TrialRecord& trial, const std::string& kind) {
  const auto it = std::find_if(trial.findings.begin(), trial.findings.end(),
                               [&](const auto& finding) { return finding.kind == kind; });
  return it == trial.findings.end() ? nullptr : &*it;
}

std::set<std::string> identities(const std::string& kernel) {
  std::set<std::string> all;
  for (const TrialRecord& trial : demo().run().trials)
    if (trial.kernel == kernel)
      for (const FindingRecord& finding : trial.findings) all.insert(finding.identity);
  return all;
}

TEST(DemoTest, EndsWithZeroBecauseEverythingIsAsExpected) {
  EXPECT_EQ(demo().result().kind, CommandResult::Kind::exited);
  EXPECT_EQ(demo().result().value, 0);
  EXPECT_EQ(demo().run().outcome, Outcome::passed) << demo().run().reason;
  EXPECT_EQ(demo().run().trials.size(), 6u);
}

TEST(DemoTest, UnpatchedKernelHitsTheGlockBugWhenItFaultsOnItsOwnFile) {
  const TrialRecord& trial = demo().trial("self-read", "unpatched");
  EXPECT_EQ(trial.outcome, Outcome::failed) << trial.reason;
  const FindingRecord* const bug = find_kind(trial, "bug");
  ASSERT_NE(bug, nullptr);
  EXPECT_EQ(bug->identity.rfind("recursion:gfs2:inode:", 0), 0u) << bug->identity;
  EXPECT_NE(bug->excerpt.find("kernel BUG at fs/gfs2/glock.c"), std::string::npos);
}

TEST(DemoTest, UnpatchedKernelDeadlocksNodeAgainstNode) {
  const TrialRecord& trial = demo().trial("abba", "unpatched");
  EXPECT_EQ(trial.outcome, Outcome::failed) << trial.reason;
  const std::vector<std::string> both{"node1", "node2"};
  const FindingRecord* const stall = find_kind(trial, "stall");
  ASSERT_NE(stall, nullptr);
  EXPECT_EQ(stall->nodes, both);
  std::set<std::string> hung;
  for (const FindingRecord& finding : trial.findings)
    if (finding.kind == "hung_task") hung.insert(finding.nodes.begin(), finding.nodes.end());
  EXPECT_EQ(hung, std::set<std::string>(both.begin(), both.end()));
  const FindingRecord* const deadlock = find_kind(trial, "deadlock");
  ASSERT_NE(deadlock, nullptr);
  EXPECT_EQ(deadlock->nodes, both);
}

TEST(DemoTest, PatchedKernelPassesWithNoShortTransfer) {
  for (const char* const name : {"self-read", "abba"}) {
    const TrialRecord& trial = demo().trial(name, "patched");
    EXPECT_EQ(trial.outcome, Outcome::passed) << name << ": " << trial.reason;
    ASSERT_EQ(trial.workloads.size(), 1u);
    for (const auto& [node, counters] : trial.workloads[0].nodes) {
      EXPECT_GT(counters.operations, 0u) << name << " on " << node;
      EXPECT_EQ(counters.short_transfers, 0u) << name << " on " << node;
      EXPECT_EQ(counters.errors, 0u) << name << " on " << node;
      EXPECT_EQ(counters.bad_blocks, 0u) << name << " on " << node;
    }
  }
}

TEST(DemoTest, FioThroughputIsRecordedForBothKernels) {
  for (const char* const kernel : {"patched", "unpatched"}) {
    const TrialRecord& trial = demo().trial("stream", kernel);
    EXPECT_EQ(trial.outcome, Outcome::passed) << kernel << ": " << trial.reason;
    ASSERT_EQ(trial.workloads.size(), 1u);
    EXPECT_GT(trial.workloads[0].total.read_bytes_per_second.value_or(0), 0) << kernel;
    EXPECT_GT(trial.workloads[0].total.write_bytes_per_second.value_or(0), 0) << kernel;
  }
}

TEST(DemoTest, BothKernelsShareWhatTheDlmSaysWhenANodeLeaves) {
  for (const char* const kernel : {"patched", "unpatched"})
    EXPECT_TRUE(identities(kernel).contains(kLeaveReport)) << kernel;
}

TEST(DemoTest, EachNodeRanTheKernelThatWasBuilt) {
  for (const TrialRecord& trial : demo().run().trials) {
    const auto built = std::find_if(demo().run().kernels.begin(), demo().run().kernels.end(),
                                    [&](const auto& kernel) { return kernel.name == trial.kernel; });
    ASSERT_NE(built, demo().run().kernels.end());
    ASSERT_EQ(trial.kernel_releases.size(), 2u);
    for (const auto& [node, release] : trial.kernel_releases)
      EXPECT_EQ(release.rfind(built->release, 0), 0u) << node << " ran " << release;
  }
}

TEST(DemoTest, EveryConsoleWasReadAndNoMessageDropped) {
  for (const TrialRecord& trial : demo().run().trials) {
    ASSERT_EQ(trial.oracles.size(), 2u);
    for (const auto& [node, oracles] : trial.oracles) {
      EXPECT_GT(oracles.console_bytes, 10'000u) << trial.directory << " " << node;
      EXPECT_EQ(oracles.dropped_lines, 0u) << trial.directory << " " << node;
      EXPECT_TRUE(std::filesystem::exists(demo().directory() / trial.directory / "nodes" / node /
                                          "console.log"));
    }
  }
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(&gridlock::demo());
  return RUN_ALL_TESTS();
}
