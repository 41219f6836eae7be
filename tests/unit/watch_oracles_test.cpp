// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel says of lockdep, and whether a console and its kernel say alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "console/reader.h"
#include "watch/ocfs2_state.h"
#include "watch/oracles.h"
#include "watch/oracles_json.h"
#include "watch/self_check.h"

namespace gridlock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LockdepStats stats_of(const std::string& name) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/fuzz/oracles/" + name, std::ios::binary);
  return parse_lockdep_stats(std::string{std::istreambuf_iterator<char>(in), {}});
}

TEST(LockdepStatsTest, AllTablesThatCanBeFullAreRead) {
  const LockdepStats stats = stats_of("lockdep_stats");
  EXPECT_EQ(stats.alive, true);
  EXPECT_EQ(stats.tables,
            (std::map<std::string, TableUse>{{"lock_classes", {1187, 8192}},
                                             {"direct_dependencies", {6035, 32768}},
                                             {"dependency_chains", {8207, 65536}},
                                             {"chain_hlocks", {31459, 327680}},
                                             {"stack_trace_entries", {59433, 524288}}}));
  EXPECT_EQ(stats_of("lockdep_stats_off").alive, false);
}

TEST(LockdepStatsTest, WhatATextDoesNotSayIsAbsent) {
  const LockdepStats cut = stats_of("lockdep_stats_cut");
  EXPECT_FALSE(cut.alive);
  EXPECT_EQ(cut.tables.count("dependency_chains"), 1U);
  EXPECT_EQ(cut.tables.count("stack_trace_entries"), 0U) << "its line is not finished";
  for (const LockdepStats& none : {stats_of("lockdep_stats_hostile"), parse_lockdep_stats("")}) {
    EXPECT_FALSE(none.alive);
    EXPECT_THAT(none.tables, IsEmpty());
  }
}

std::string file_of(const std::string& name) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/fuzz/oracles/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// `text` with the first `from` in it replaced.
std::string changed(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

// Both texts are a real kernel's, Linux 6.1.

TEST(Ocfs2States, O2cbTellsItsMembersAndItsRecovery) {
  const std::string text = file_of("o2dlm_state");
  const auto state = parse_o2dlm_state(text);
  ASSERT_TRUE(state);
  EXPECT_THAT(state->members, ElementsAre(1, 2));
  EXPECT_FALSE(state->recovering);
  EXPECT_TRUE(parse_o2dlm_state(changed(text, "INACTIVE", "ACTIVE"))->recovering);
  EXPECT_THAT(parse_o2dlm_state(changed(text, "Map: 1 2", "Map: "))->members, IsEmpty());
  EXPECT_FALSE(parse_o2dlm_state(text.substr(0, text.find("Recovery Pid"))));
}

TEST(Ocfs2States, AMountTellsWhetherAnErrorEndedItAndWhoseJournalItReplays) {
  const std::string text = file_of("ocfs2_state");
  const auto state = parse_ocfs2_state(text);
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->failed);
  EXPECT_FALSE(state->recovering);
  for (const char* const flags : {"0x1", "0x2", "0x14", "0x7"})
    EXPECT_TRUE(
        parse_ocfs2_state(changed(text, "Flags: 0x0", std::string("Flags: ") + flags))->failed)
        << flags;
  EXPECT_FALSE(parse_ocfs2_state(changed(text, "Flags: 0x0", "Flags: 0x10"))->failed);
  EXPECT_TRUE(parse_ocfs2_state(changed(text, "Nodes: None", "Nodes: 2"))->recovering);
  EXPECT_FALSE(parse_ocfs2_state(text.substr(0, text.find("Recovery =>"))));
}

console::Finding found(const std::string& kind, const std::string& variant = {}) {
  console::Finding finding;
  finding.kind = kind;
  finding.variant = variant;
  return finding;
}

/// A node whose kernel booted in the trial and found nothing.
ConsoleAndKernel sound() {
  ConsoleAndKernel node;
  node.after.taint = 0;
  node.after.lockdep.alive = true;
  node.after.hung_task_reports_left = -1;
  for (const char* const name :
       {"warnings", "oopses", "hung_tasks", "soft_lockups", "hard_lockups", "rcu_stalls"})
    node.after.counts[name] = 0;
  return node;
}

std::vector<std::string> texts(const ConsoleAndKernel& node) {
  const SelfCheck check = check_console(node);
  EXPECT_EQ(check.unproven, "");
  std::vector<std::string> out;
  for (const Disagreement& one : check.disagreements) out.push_back(one.text);
  return out;
}

/// What is changed in a sound node, and what is then said of it.
struct Row {
  const char* name;
  std::function<void(ConsoleAndKernel&)> change;
  std::vector<std::string> claims;
};

class SelfCheckTable : public testing::TestWithParam<Row> {};

TEST_P(SelfCheckTable, SaysWhatDoesNotFit) {
  ConsoleAndKernel node = sound();
  GetParam().change(node);
  EXPECT_EQ(texts(node), GetParam().claims);
}

constexpr std::uint64_t kD = 1 << 7;
constexpr std::uint64_t kW = 1 << 9;
constexpr std::uint64_t kL = 1 << 14;

const std::vector<Row> kRows{
    {"Nothing", [](ConsoleAndKernel&) {}, {}},
    {"AWarningBothKnow",
     [](ConsoleAndKernel& node) {
       node.console.add(found("warning"));
       node.after.counts["warnings"] = 1;
       node.after.taint = kW;
     },
     {}},
    {"AWarningTheConsoleMissed",
     [](ConsoleAndKernel& node) {
       node.console.add(found("warning"));
       node.after.counts["warnings"] = 2;
       node.after.taint = kW;
     },
     {"the console shows 1 warning, the kernel counted 2"}},
    {"AWarningTheKernelDidNotGive",
     [](ConsoleAndKernel& node) { node.console.add(found("warning")); },
     {"the console shows 1 warning, the kernel counted 0"}},
    {"SanitizersAndSchedulingWhileAtomicAreCountedAsWarnings",
     [](ConsoleAndKernel& node) {
       node.console.add(found("ubsan"));
       node.console.add(found("kfence"));
       node.console.add(found("atomic_sleep", "scheduling"));
       node.after.counts["warnings"] = 3;
       node.after.taint = kW;
     },
     {}},
    {"WhatKasanFindsMayNotBeCounted",
     [](ConsoleAndKernel& node) {
       node.console.add(found("kasan"));
       node.console.add(found("kasan"));
       node.console.add(found("warning"));
       node.after.counts["warnings"] = 1;
       node.after.taint = kW;
     },
     {}},
    {"WhatKasanFindsIsNoExcuseForAWarning",
     [](ConsoleAndKernel& node) {
       node.console.add(found("kasan"));
       node.after.counts["warnings"] = 2;
     },
     {"the console shows 1 warning, the kernel counted 2"}},
    {"LockdepsAndTheUnwindersWarningsAndSleepingAreNot",
     [](ConsoleAndKernel& node) {
       node.console.add(found("lockdep", "rcu-usage"));
       node.console.add(found("warning", "unwinder"));
       node.console.add(found("atomic_sleep", "sleeping"));
       node.after.taint = kW;
     },
     {}},
    {"AReportThatIsShownTwiceCountsOnce",
     [](ConsoleAndKernel& node) {
       node.console.add(found("warning"));
       console::Finding again = found("warning");
       again.replayed = true;
       node.console.add(again);
       node.after.counts["warnings"] = 1;
       node.after.taint = kW;
     },
     {}},
    {"ABugAndWhatItBroughtAbout",
     [](ConsoleAndKernel& node) {
       node.console.add(found("bug", "kernel-bug"));
       node.console.add(found("warning"));
       node.console.add(found("oops", "fault"));
       node.after.counts["warnings"] = 1;
       node.after.counts["oopses"] = 2;
       node.after.taint = kD | kW;
       node.after.lockdep.alive = false;
     },
     {}},
    {"ABadPageEndsNoTask",
     [](ConsoleAndKernel& node) { node.console.add(found("bug", "bad-page")); },
     {}},
    {"AnOopsTheConsoleMissed",
     [](ConsoleAndKernel& node) {
       node.after.counts["oopses"] = 1;
       node.after.taint = kD;
       node.after.lockdep.alive = false;
     },
     {"the console shows 0 oopses, the kernel counted 1",
      "the kernel is tainted D, the console shows no oops"}},
    {"AnOopsTheKernelDoesNotKnow",
     [](ConsoleAndKernel& node) { node.console.add(found("gpf")); },
     {"the console shows 1 oops, the kernel counted 0",
      "the console shows an oops, the kernel is not tainted D"}},
    {"EveryReportOfAHungTaskCounts",
     [](ConsoleAndKernel& node) {
       for (int i = 0; i < 3; ++i) node.console.add(found("hung_task"));
       node.after.counts["hung_tasks"] = 4;
     },
     {"the console shows 3 hung tasks, the kernel counted 4"}},
    {"WhereHungTasksAreReportedNoMoreTheyAreStillCounted",
     [](ConsoleAndKernel& node) {
       for (int i = 0; i < 3; ++i) node.console.add(found("hung_task"));
       node.after.counts["hung_tasks"] = 40;
       node.after.hung_task_reports_left = 0;
     },
     {}},
    {"AStallCanHaveSeveralReports",
     [](ConsoleAndKernel& node) {
       node.console.add(found("rcu_stall"));
       node.console.add(found("rcu_stall", "starved"));
       node.after.counts["rcu_stalls"] = 1;
     },
     {}},
    {"AStallTheConsoleMissed",
     [](ConsoleAndKernel& node) { node.after.counts["rcu_stalls"] = 1; },
     {"the console shows 0 RCU stalls, the kernel counted 1"}},
    {"ASoftLockupWithoutItsTaint",
     [](ConsoleAndKernel& node) { node.console.add(found("soft_lockup")); },
     {"the console shows a soft lockup, the kernel is not tainted L"}},
    {"TaintsOfWhichTheConsoleSaysNothing",
     [](ConsoleAndKernel& node) { node.after.taint = kW | kL; },
     {"the kernel is tainted W, the console shows no warning",
      "the kernel is tainted L, the console shows no soft lockup"}},
    {"OtherTaintsAreNobodysReport", [](ConsoleAndKernel& node) { node.after.taint = 1 << 12; }, {}},
    {"LockdepWentOffInSilence",
     [](ConsoleAndKernel& node) { node.after.lockdep.alive = false; },
     {"the kernel has switched lockdep off, the console does not show why"}},
    {"LockdepWentOffWhenATableWasFull",
     [](ConsoleAndKernel& node) {
       node.console.add(found("lockdep_off"));
       node.after.lockdep.alive = false;
     },
     {}},
    {"LockdepWentOffWithAModuleOfAnUnknownLicence",
     [](ConsoleAndKernel& node) {
       node.after.taint = 1;
       node.after.lockdep.alive = false;
     },
     {}},
    {"LockdepReportedAndIsStillOn",
     [](ConsoleAndKernel& node) { node.console.add(found("lockdep", "circular")); },
     {"the console shows a lockdep report, the kernel has lockdep still on"}},
    {"WhatTheKernelDoesNotHaveIsNotCompared",
     [](ConsoleAndKernel& node) {
       node.console.add(found("warning"));
       node.console.add(found("lockdep", "circular"));
       node.console.add(found("gpf"));
       node.after = {};
     },
     {}},
    {"WhatWasBeforeIsNotTheTrials",
     [](ConsoleAndKernel& node) {
       node.before = node.after;
       node.before->counts["warnings"] = node.after.counts["warnings"] = 7;
       node.before->counts["oopses"] = node.after.counts["oopses"] = 2;
       node.before->taint = node.after.taint = kD | kW;
       node.before->lockdep.alive = node.after.lockdep.alive = false;
     },
     {}},
    {"OnlyWhatCameIsCompared",
     [](ConsoleAndKernel& node) {
       node.before = node.after;
       node.before->counts["warnings"] = 7;
       node.after.counts["warnings"] = 9;
       node.before->taint = node.after.taint = kW;
       node.console.add(found("warning"));
     },
     {"the console shows 1 warning, the kernel counted 2"}},
};

INSTANTIATE_TEST_SUITE_P(All, SelfCheckTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(SelfCheckTest, NothingIsClaimedOfAConsoleThatLostSomething) {
  ConsoleAndKernel node = sound();
  node.after.counts["warnings"] = 2;
  ConsoleAndKernel dropped = node;
  dropped.dropped = 3;
  EXPECT_EQ(check_console(dropped).unproven, "the kernel dropped 3 of its messages");
  EXPECT_THAT(check_console(dropped).disagreements, IsEmpty());
  ConsoleAndKernel lost = node;
  lost.lost = 1;
  EXPECT_THAT(check_console(lost).unproven, HasSubstr("too many to keep"));
  ConsoleAndKernel again = node;
  again.console.add(found("reboot"));
  EXPECT_EQ(check_console(again).unproven, "the kernel started again");
}

/// The recursion of an unpatched kernel and what came after it, as a console showed it: a BUG, a
/// WARN on the way out of its task, and an oops that ended it once more.
TEST(SelfCheckTest, AnObservedBugWithItsConsequencesIsCountedAsItsKernelDoes) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/consoles/self-unpatched-node1.console",
                   std::ios::binary);
  ASSERT_TRUE(in);
  console::Reader reader;
  reader.feed(std::string{std::istreambuf_iterator<char>(in), {}});
  reader.finish();
  ConsoleTally console;
  for (const console::Finding& finding : reader.take()) console.add(finding);
  EXPECT_EQ(console.counted("warnings"), 1U);
  EXPECT_EQ(console.counted("oopses"), 2U);
  EXPECT_EQ(console.counted("hung_tasks"), 1U);
}

TEST(OraclesJsonTest, WhatWasToldComesBackAndWhatWasNotStaysAbsent) {
  Oracles all;
  all.lockdep.alive = true;
  all.lockdep.tables["lock_classes"] = {1'187, 8'192};
  all.taint = std::uint64_t{1} << 63;
  all.counts["warnings"] = 3;
  all.hung_task_reports_left = -1;
  all.gfs2_withdrawn = false;
  all.dlm_recovering = true;
  all.dlm_members = std::vector{1, 2};
  all.unread = "a part";
  const auto back = oracles_from_json(to_json(all));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(all));
  EXPECT_EQ(back->taint, all.taint);
  EXPECT_EQ(back->lockdep.tables, all.lockdep.tables);
  EXPECT_EQ(back->dlm_members, all.dlm_members);
  const auto nothing = oracles_from_json(to_json(Oracles{}));
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->lockdep.alive || nothing->taint || nothing->gfs2_withdrawn ||
               nothing->dlm_members || nothing->hung_task_reports_left);
}

TEST(OraclesJsonTest, MembersOfAnotherTypeAreAbsent) {
  const auto read = oracles_from_json(
      Json{{"taint", "0"}, {"counts", 7}, {"lockdep_alive", 1}, {"dlm_members", Json::object()}});
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->taint || read->lockdep.alive || read->dlm_members);
  EXPECT_TRUE(read->counts.empty());
  EXPECT_FALSE(oracles_from_json(Json()));
}

}  // namespace
}  // namespace gridlock
