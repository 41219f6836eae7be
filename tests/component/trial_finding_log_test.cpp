// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "support/sample_plan.h"
#include "trial/finding_log.h"
#include "trial/judgement.h"

namespace gridlock {
namespace {

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};

FindingRecord finding(const std::string& kind, const std::string& detail) {
  return own_finding(kind, kind + " " + detail, detail);
}

TEST(FindingLog, SameIdentityOnBothNodesIsOneFinding) {
  FindingLog log(sample_plan());
  EXPECT_NE(log.add(finding("hung_task", "x"), kTwo, {"work", 3.5}), nullptr);
  EXPECT_EQ(log.add(finding("hung_task", "x"), kOne, {"work", 4.0}), nullptr);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_EQ(log.all()[0].count, 2);
  EXPECT_EQ(log.all()[0].nodes, (std::vector<std::string>{"node1", "node2"}));
  EXPECT_EQ(log.all()[0].step, "work");
  EXPECT_DOUBLE_EQ(log.all()[0].at, 3.5);
}

TEST(FindingLog, NamesNodesInThePlansOrder) {
  Plan plan = sample_plan();
  plan.nodes[0].name = "zeta";
  plan.nodes[1].name = "alpha";
  FindingLog log(plan);
  log.add(finding("hung_task", "x"), kTwo, {"work", 3.5});
  log.add(finding("hung_task", "x"), kOne, {"work", 4.0});
  EXPECT_EQ(log.all()[0].nodes, (std::vector<std::string>{"zeta", "alpha"}));
  EXPECT_TRUE(log.has(kTwo, {"hung_task"}));
}

TEST(FindingLog, WholeReportReplacesAnIncompleteOne) {
  FindingLog log(sample_plan());
  FindingRecord cut = finding("bug", "x");
  cut.incomplete = "cut";
  log.add(cut, kOne, {});
  FindingRecord whole = finding("bug", "x");
  whole.excerpt = "all of it";
  log.add(whole, kTwo, {});
  EXPECT_TRUE(log.all()[0].incomplete.empty());
  EXPECT_EQ(log.all()[0].excerpt, "all of it");
}

TEST(FindingLog, NamedDeadlockDecidesBeforeWhatItShowsAs) {
  FindingLog log(sample_plan());
  log.add(finding("stall", "x"), kOne, {});
  EXPECT_EQ(log.decisive()->kind, "stall");
  log.add(finding("hung_task", "x"), kOne, {});
  EXPECT_EQ(log.decisive()->kind, "hung_task");
  log.add(finding("deadlock", "x"), kOne, {});
  EXPECT_EQ(log.decisive()->kind, "deadlock");
}

TEST(FindingLog, KnownFindingsAndConsequencesDecideNothing) {
  Plan plan = sample_plan();
  plan.watch.known = {"lockdep:x"};
  FindingLog log(plan);
  log.add(finding("lockdep", "x"), kOne, {});
  FindingRecord consequence = finding("oops", "y");
  consequence.secondary = true;
  log.add(consequence, kOne, {});
  EXPECT_EQ(log.decisive(), nullptr);
  EXPECT_TRUE(log.all()[0].known);
}

TEST(FindingLog, AStarAtTheEndOfAKnownIdentityStandsForAnyRest) {
  Plan plan = sample_plan();
  plan.watch.known = {"lockdep:a>b>*", "oops:c"};
  FindingLog log(plan);
  for (const char* const known : {"a>b>", "a>b>c", "a>b>*"}) {
    const FindingRecord* const added = log.add(finding("lockdep", known), kOne, {});
    EXPECT_TRUE(added->known) << known;
  }
  for (const char* const other : {"a>b", "x>a>b>c"})
    EXPECT_FALSE(log.add(finding("lockdep", other), kOne, {})->known) << other;
  EXPECT_FALSE(log.add(finding("oops", "cd"), kOne, {})->known);
}

TEST(FindingLog, IsBoundedWhateverAGuestPrints) {
  FindingLog log(sample_plan());
  for (int i = 0; i < 5000; ++i) log.add(finding("bug", std::to_string(i)), kOne, {});
  EXPECT_LE(log.all().size(), 500u);
}

TEST(JudgeTrial, TrialWithoutWorkloadHasNotPassed) {
  TrialRecord record;
  record.oracles["node1"].console_bytes = 10;
  judge_trial(record, FindingLog(sample_plan()), {});
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_EQ(record.reason, "no workload was run");
}

TEST(JudgeTrial, InitThatDiesInABrokenKernelIsTheKernelsDoing) {
  FindingLog log(sample_plan());
  log.add(finding("bug", "x"), kOne, {});
  FindingRecord panic = finding("panic", "Attempted to kill init!");
  panic.secondary = true;
  log.add(panic, kOne, {});
  TrialRecord record;
  judge_trial(record, log, {});
  EXPECT_EQ(record.outcome, Outcome::failed);
}

}  // namespace
}  // namespace gridlock
