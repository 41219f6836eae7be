// SPDX-License-Identifier: GPL-2.0-or-later
// What the reader makes of the consoles of real labs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHung = "hung:gfs2_fault<gfs2_file_read_iter";
constexpr const char* kLockdep = "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)";
constexpr const char* kAtomicSleep = "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin";

TEST(RealConsoles, BothNodesOfADeadlockReportTheSameHungTask) {
  const auto node1 = findings_in(real_console("abba-unpatched-node1"));
  const auto node2 = findings_in(real_console("abba-unpatched-node2"));
  EXPECT_THAT(identities_of(node1), ElementsAre(kHung, kHung, kHung));
  EXPECT_THAT(identities_of(node2), ElementsAre(kHung, kHung));
  const Finding& first = node1.front();
  EXPECT_EQ(first.kind, "hung_task");
  EXPECT_EQ(first.title, "hung task in gfs2_fault");
  EXPECT_EQ(first.function, "gfs2_fault");
  EXPECT_EQ(first.task, "mdio");
  EXPECT_EQ(first.pid, 108);
  EXPECT_DOUBLE_EQ(first.kernel_time.value_or(0), 41.412724);
  EXPECT_FALSE(first.secondary);
  EXPECT_EQ(first.incomplete, "");
}

TEST(RealConsoles, AHungTasksRangeGoesFromItsHeaderToTheEndOfTheLocks) {
  const std::string console = real_console("abba-unpatched-node1");
  const auto findings = findings_in(console);
  ASSERT_EQ(findings.size(), 3u);
  const std::string text = console.substr(findings[0].begin, findings[0].end - findings[0].begin);
  EXPECT_THAT(text, testing::StartsWith("[   41.412724] INFO: task mdio:108 blocked"));
  EXPECT_THAT(text, HasSubstr("1 lock held by mdio/108:"));
  EXPECT_THAT(text, testing::EndsWith("=============================================\r\n"));
}

TEST(RealConsoles, AGlockRecursionIsOneFindingWithTheLinesBeforeIt) {
  const std::string console = real_console("self-unpatched-node1");
  const auto findings = findings_in(console);
  ASSERT_THAT(kinds_of(findings), ElementsAre("hung_task", "lockdep", "bug", "warning", "oops"));

  const Finding& bug = findings[2];
  EXPECT_EQ(bug.title, "kernel BUG in gfs2_glock_nq");
  EXPECT_EQ(bug.identity, "recursion:gfs2:inode:DF>SH:gfs2_fault<gfs2_file_read_iter");
  EXPECT_EQ(bug.function, "gfs2_fault");
  EXPECT_FALSE(bug.secondary);
  EXPECT_EQ(bug.incomplete, "");
  EXPECT_EQ(bug.task, "mdio");
  EXPECT_EQ(bug.pid, 105);
  EXPECT_EQ(bug.cpu, 0);
  const std::string text = console.substr(bug.begin, bug.end - bug.begin);
  EXPECT_THAT(text,
              testing::StartsWith("[   73.803696] gfs2: fsid=lab:data.1: original: vfs_read"));
  EXPECT_THAT(text, testing::EndsWith("---[ end trace 0000000000000000 ]---\r\n"));
}

TEST(RealConsoles, WhatABugBreaksAfterwardsIsSecondary) {
  const auto findings = findings_in(real_console("self-unpatched-node1"));
  ASSERT_EQ(findings.size(), 5u);
  EXPECT_EQ(findings[3].title, "WARNING in do_exit");
  EXPECT_TRUE(findings[3].secondary);
  EXPECT_EQ(findings[4].title, "oops in __blk_flush_plug");
  EXPECT_TRUE(findings[4].secondary);
  EXPECT_FALSE(findings[1].secondary);
}

TEST(RealConsoles, AHungTaskWithoutAStackIsNotWhole) {
  const auto findings = findings_in(real_console("self-unpatched-node1"));
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, "hung_task");
  EXPECT_EQ(findings[0].task, "ls");
  EXPECT_EQ(findings[0].pid, 98);
  EXPECT_EQ(findings[0].incomplete, "it has no call trace");
}

TEST(RealConsoles, ABugAfterAStaleMountIsNamedByItsFile) {
  const auto findings = findings_in(real_console("self-unpatched-node2"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].title, "kernel BUG in gfs2_create_inode");
  EXPECT_EQ(findings[0].identity, "bug:fs/gfs2/inode.c:gfs2_create_inode");
  EXPECT_THAT(findings[0].frames, testing::Contains("gfs2_atomic_open"));
}

TEST(RealConsoles, AHealthyKernelShowsOnlyWhatTheDlmReallyReports) {
  // Both are true reports of 6.1.192: the DLM allocates under a spinlock when it says goodbye.
  EXPECT_THAT(identities_of(findings_in(real_console("leave-patched-node1"))),
              ElementsAre(kAtomicSleep));
  const auto node2 = findings_in(real_console("leave-patched-node2"));
  EXPECT_THAT(identities_of(node2), ElementsAre(kAtomicSleep, kLockdep));
  for (const Finding& finding : node2) {
    EXPECT_FALSE(finding.secondary) << finding.title;
    EXPECT_EQ(finding.incomplete, "") << finding.title;
  }
}

TEST(RealConsoles, TheDlmsLockReportIsTheSameOnBothKernels) {
  std::set<std::string> identities;
  for (const char* const name : {"leave-patched-node2", "self-unpatched-node1"})
    for (const Finding& finding : findings_in(real_console(name)))
      if (finding.kind == "lockdep") identities.insert(finding.identity);
  EXPECT_THAT(identities, ElementsAre(kLockdep));
}

TEST(RealConsoles, ABootWithoutReportsHasNoFindings) {
  const std::string console = real_console("leave-patched-node2");
  const std::string healthy = console.substr(0, console.find("BUG: sleeping"));
  ASSERT_GT(healthy.size(), 15000u);
  EXPECT_THAT(findings_in(healthy), IsEmpty());
}

TEST(RealConsoles, BlockedTasksThatWereAskedForAreNoFinding) {
  const std::string text =
      excerpt(real_console("abba-unpatched-node1"), "sysrq: Show Blocked State", "debug_locks:");
  ASSERT_THAT(text, HasSubstr("gfs2_glock_wait"));
  ASSERT_THAT(text, HasSubstr("Showing all locks held in the system"));
  EXPECT_THAT(findings_in(text), IsEmpty());
}

TEST(RealConsoles, EveryWayOfCuttingGivesTheSameFindings) {
  for (const char* const name : {"self-unpatched-node1", "self-unpatched-node2"}) {
    const std::string console = real_console(name);
    const auto whole = identities_of(findings_in(console));
    ASSERT_FALSE(whole.empty());
    for (std::size_t piece = 1; piece < 300; ++piece) {
      Reader reader;
      std::vector<Finding> findings;
      for (std::size_t at = 0; at < console.size(); at += piece) {
        reader.feed(std::string_view(console).substr(at, piece));
        for (Finding& finding : reader.take()) findings.push_back(std::move(finding));
      }
      reader.finish();
      for (Finding& finding : reader.take()) findings.push_back(std::move(finding));
      ASSERT_EQ(identities_of(findings), whole) << "pieces of " << piece;
    }
  }
}

TEST(RealConsoles, ARebootInsideIsAFindingAndForgetsOldDeaths) {
  const std::string boot = real_console("leave-patched-node2");
  const std::string bug = real_console("self-unpatched-node1");
  EXPECT_THAT(kinds_of(findings_in(bug + boot)),
              ElementsAre("hung_task", "lockdep", "bug", "warning", "oops", "reboot",
                          "atomic_sleep", "lockdep"));
  // The other kernel's pid 105 died too, but in another life.
  EXPECT_FALSE(findings_in(bug + boot).back().secondary);
}

}  // namespace
}  // namespace gridlock::console
