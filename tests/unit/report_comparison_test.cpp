// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "report/comparison_exit.h"
#include "support/sample_comparison.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ThroughputComparison& only_workload(const Comparison& comparison) {
  return comparison.trials.at(0).workloads.at(0);
}

const JudgedFinding& finding_of(const Comparison& comparison, const std::string& kind) {
  const auto it = std::find_if(comparison.findings.begin(), comparison.findings.end(),
                               [&](const JudgedFinding& finding) { return finding.kind == kind; });
  if (it == comparison.findings.end()) throw std::logic_error("no finding of kind " + kind);
  return *it;
}

std::function<void(TrialRecord&, const SamplePair&)> head_rate(double factor) {
  return [factor](TrialRecord& trial, const SamplePair& pair) {
    if (pair.is_head)
      with_rate(trial, trial.workloads[0].total.steady->operations_per_second * factor);
  };
}

int exit_of(const Comparison& comparison) { return exit_code_of(comparison, fail_on_everything()); }

TEST(Comparison, PairsOfOneKernelAgainstAnEqualOneDiffersNowhere) {
  const Comparison comparison = compare_run(sample_comparison(12));
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::no_difference);
  EXPECT_TRUE(comparison.open.empty());
  const ThroughputComparison& one = only_workload(comparison);
  EXPECT_EQ(one.verdict, EffectVerdict::no_difference);
  EXPECT_EQ(one.not_judged, "");
  EXPECT_EQ(one.effect.pairs, 12);
  EXPECT_EQ(one.points.size(), 12U);
  EXPECT_EQ(one.look.pairs, 12);
  EXPECT_EQ(one.look.alpha, 0.05);
  EXPECT_EQ(comparison.trials[0].failures.verdict, FailureVerdict::same);
  EXPECT_EQ(exit_of(comparison), 0);
  EXPECT_EQ(bisect_answer(comparison), 0);
}

TEST(Comparison, PointsAreHeadOverBaseWhicheverRanFirst) {
  const Comparison comparison = compare_run(sample_comparison(6, head_rate(2)));
  for (const PairPoint& point : only_workload(comparison).points) {
    EXPECT_NEAR(point.log_ratio, std::log(2), 0.05);
    EXPECT_EQ(point.head_first, point.pair % 2 == 0);
    EXPECT_EQ(point.head_first, point.head_trial < point.base_trial);
    EXPECT_NEAR(point.head_rate / point.base_rate, 2, 0.1);
  }
}

TEST(Comparison, SlowerHeadIsWorseAndItsSizeIsInsideTheInterval) {
  const Comparison comparison = compare_run(sample_comparison(12, head_rate(0.93)));
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::worse);
  const ThroughputComparison& one = only_workload(comparison);
  EXPECT_EQ(one.verdict, EffectVerdict::worse);
  ASSERT_TRUE(one.effect.interval);
  EXPECT_LT(one.effect.interval->low, -0.07);
  EXPECT_GT(one.effect.interval->high, -0.07);
  EXPECT_EQ(exit_of(comparison), 1);
  EXPECT_EQ(bisect_answer(comparison), 1);
  EXPECT_EQ(exit_code_of(comparison, parse_fail_on("new-finding,inconclusive")), 0);
  EXPECT_THAT(sentence(comparison), HasSubstr("throughput worse: mmap-dio -7."));
}

TEST(Comparison, FasterHeadIsBetter) {
  const Comparison comparison = compare_run(sample_comparison(12, head_rate(1.1)));
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::better);
  EXPECT_EQ(exit_of(comparison), 0);
}

TEST(Comparison, ThroughputOfDebugKernelsIsShownAndNotJudged) {
  RunRecord run = sample_comparison(12, head_rate(0.5));
  run.kernels[1].perf = false;
  const Comparison comparison = compare_run(run);
  const ThroughputComparison& one = only_workload(comparison);
  EXPECT_EQ(one.not_judged, "debug kernels");
  EXPECT_EQ(one.points.size(), 12U);
  EXPECT_NEAR(one.effect.ratio, -0.5, 0.02);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::no_difference);
  EXPECT_THAT(sentence(comparison), HasSubstr("throughput not judged (debug kernels)"));
}

TEST(Comparison, HeadThatNeverHangsFixesWhatBaseDid) {
  const Comparison comparison =
      compare_run(sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
        if (!pair.is_head && pair.number <= 9) fail_with(trial, sample_deadlock());
      }));
  const JudgedFinding& deadlock = finding_of(comparison, "deadlock");
  EXPECT_EQ(deadlock.verdict, FindingVerdict::fixed);
  EXPECT_EQ(deadlock.base.seen, 9);
  EXPECT_EQ(deadlock.base.observed, 12);
  EXPECT_EQ(deadlock.head.observed, 12);
  EXPECT_EQ(deadlock.base.first.trial, 1);
  EXPECT_EQ(deadlock.base.first.finding, "f1");
  EXPECT_THAT(deadlock.base.nodes, ElementsAre("node1", "node2"));
  EXPECT_EQ(deadlock.function, "gfs2_glock_nq");
  const TrialComparison& trial = comparison.trials.at(0);
  EXPECT_EQ(trial.failures.verdict, FailureVerdict::fixed);
  EXPECT_EQ(trial.base_completed, 3);
  EXPECT_EQ(trial.head_completed, 12);
  EXPECT_LT(trial.log_rank_p, 0.01);
  EXPECT_EQ(trial.base_times.at(0).seconds, 30);
  EXPECT_EQ(trial.base_survival.back().share, 0.25);
  // Throughput is of the pairs that have it, and says so.
  EXPECT_EQ(only_workload(comparison).points.size(), 3U);
  EXPECT_EQ(only_workload(comparison).pairs_without, 9);
  EXPECT_THAT(only_workload(comparison).doubt, HasSubstr("3 of 12 pairs"));
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::better);
  EXPECT_THAT(sentence(comparison),
              HasSubstr("fixes deadlock: node1 <-> node2, 2 glocks (unpatched 9/12, patched 0/12 "
                        "(below 22 %), p = 0.0003)"));
}

TEST(Comparison, BaseThatNeverCompletedLeavesThroughputUnjudged) {
  const Comparison comparison =
      compare_run(sample_comparison(6, [](TrialRecord& trial, const SamplePair& pair) {
        if (!pair.is_head) fail_with(trial, sample_deadlock());
      }));
  EXPECT_EQ(only_workload(comparison).not_judged, "unpatched never completed");
  EXPECT_EQ(only_workload(comparison).head.points.size(), 6U);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::better);
}

TEST(Comparison, OneReportOnHeadAloneIsNewAndWorseThanAnyGain) {
  const Comparison comparison =
      compare_run(sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
        if (!pair.is_head) fail_with(trial, sample_deadlock());
        if (pair.is_head && pair.number == 5)
          fail_with(trial, sample_finding("f1", "warning", "WARNING in gfs2_evict", 12, {"node2"}));
      }));
  // Base never came past the deadlock in its work: it had no chance to show the warning.
  EXPECT_EQ(finding_of(comparison, "warning").verdict, FindingVerdict::not_observable);
  EXPECT_FALSE(comparison.new_findings);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::inconclusive);
  EXPECT_EQ(exit_of(comparison), 4);
  EXPECT_EQ(bisect_answer(comparison), 125);

  const Comparison fair =
      compare_run(sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
        if (!pair.is_head && pair.number > 3) fail_with(trial, sample_deadlock());
        if (pair.is_head && pair.number == 5)
          fail_with(trial, sample_finding("f1", "warning", "WARNING in gfs2_evict", 12, {"node2"}));
      }));
  EXPECT_EQ(finding_of(fair, "warning").verdict, FindingVerdict::added);
  EXPECT_EQ(finding_of(fair, "warning").base.observed, 3);
  EXPECT_EQ(fair.findings.front().kind, "warning");
  EXPECT_EQ(finding_of(fair, "deadlock").verdict, FindingVerdict::fixed);
  EXPECT_TRUE(fair.new_findings);
  EXPECT_EQ(fair.verdict, ComparisonVerdict::worse);
  EXPECT_EQ(exit_of(fair), 1);
  EXPECT_EQ(exit_code_of(fair, parse_fail_on("worse,inconclusive")), 0);
  EXPECT_THAT(sentence(fair), HasSubstr("patched against unpatched: 1 new finding: WARNING in "
                                        "gfs2_evict (unpatched 0/3"));
}

TEST(Comparison, ManySightingsOfOneFaultAreOnePhraseOfTheWeightiest) {
  const Comparison comparison =
      compare_run(sample_comparison(6, [](TrialRecord& trial, const SamplePair& pair) {
        if (pair.is_head) return;
        fail_with(trial, sample_finding("f1", "stall", "a stall", 30));
        fail_with(trial, sample_deadlock());
        fail_with(trial, sample_finding("f3", "hung_task", "a hung task", 40));
      }));
  EXPECT_EQ(comparison.findings.size(), 3U);
  EXPECT_THAT(sentence(comparison),
              HasSubstr("fixes deadlock: node1 <-> node2, 2 glocks (unpatched "
                        "6/6, patched 0/6 (below 39 %), p = 0.0022) and 2 "
                        "more findings; "));
}

TEST(Comparison, FindingIsCountedInTrialsOfTheNamesThatShowedIt) {
  RunRecord run = sample_comparison(6, [](TrialRecord& trial, const SamplePair& pair) {
    if (!pair.is_head) fail_with(trial, sample_deadlock());
  });
  // Six pairs of another workload, under which nothing happens.
  const RunRecord quiet = sample_comparison(6, {}, "stream");
  for (PairRecord pair : quiet.compare->pairs_run) {
    pair.base_trial += 100;
    pair.head_trial += 100;
    run.compare->pairs_run.push_back(pair);
  }
  for (TrialRecord trial : quiet.trials) {
    trial.number += 100;
    run.trials.push_back(trial);
  }
  const Comparison comparison = compare_run(run);
  ASSERT_EQ(comparison.trials.size(), 2U);
  EXPECT_EQ(finding_of(comparison, "deadlock").base.observed, 6);
  EXPECT_EQ(finding_of(comparison, "deadlock").head.observed, 6);
  EXPECT_EQ(comparison.trials[1].workloads.at(0).verdict, EffectVerdict::no_difference);
}

TEST(Comparison, LockdepThatWentOffProvesNothingOfLockdepReports) {
  const FindingRecord report = sample_finding("f1", "lockdep", "lockdep: a / b", 12);
  const auto run_with = [&](bool alive) {
    return sample_comparison(6, [&](TrialRecord& trial, const SamplePair& pair) {
      if (pair.is_head) return fail_with(trial, report);
      trial.oracles["node2"].lockdep_alive = alive;
    });
  };
  EXPECT_EQ(finding_of(compare_run(run_with(true)), "lockdep").verdict, FindingVerdict::added);
  const Comparison off = compare_run(run_with(false));
  EXPECT_EQ(finding_of(off, "lockdep").verdict, FindingVerdict::not_observable);
  EXPECT_EQ(finding_of(off, "lockdep").base.observed, 0);
  EXPECT_EQ(off.trust.lockdep_off, 6);
}

TEST(Comparison, ConsoleThatDroppedLinesProvesNothing) {
  const Comparison comparison =
      compare_run(sample_comparison(6, [](TrialRecord& trial, const SamplePair& pair) {
        if (pair.is_head)
          fail_with(trial, sample_finding("f1", "warning", "WARNING in gfs2_evict", 12));
        else
          trial.oracles["node1"].dropped_lines = 7;
      }));
  EXPECT_EQ(finding_of(comparison, "warning").verdict, FindingVerdict::not_observable);
  EXPECT_EQ(comparison.trust.dropped_lines, 42U);
}

TEST(Comparison, KnownAndSecondaryFindingsAreNotJudged) {
  const Comparison comparison =
      compare_run(sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
        if (!pair.is_head) return;
        trial.findings.push_back(sample_finding("f1", "lockdep", "known one", 40));
        trial.findings.back().known = true;
        trial.findings.push_back(sample_finding("f2", "stall", "a consequence", 41));
        trial.findings.back().secondary = true;
      }));
  EXPECT_EQ(comparison.findings.size(), 1U);
  EXPECT_TRUE(comparison.findings[0].known);
  EXPECT_FALSE(comparison.new_findings);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::no_difference);
}

TEST(Comparison, ReportCutShortOnOneKernelMakesNothingNewOnTheOther) {
  const Comparison comparison =
      compare_run(sample_comparison(6, [](TrialRecord& trial, const SamplePair& pair) {
        FindingRecord oops = sample_finding("f1", "oops", "oops in gfs2_x", 12);
        if (!pair.is_head && pair.number != 1) return;
        if (!pair.is_head) oops.incomplete = "the console ended";
        fail_with(trial, oops);
      }));
  EXPECT_EQ(finding_of(comparison, "oops").verdict, FindingVerdict::not_observable);
  EXPECT_EQ(comparison.incomplete_reports, 1);
}

TEST(Comparison, SpoiltPairGivesNoPointButItsKernelFailureCounts) {
  RunRecord run = sample_comparison(7, [](TrialRecord& trial, const SamplePair& pair) {
    if (pair.number == 3 && pair.is_head) fail_with(trial, sample_deadlock());
    if (pair.number == 3 && !pair.is_head) {
      trial.outcome = Outcome::error;
      trial.reason = "the host ran out of disk";
    }
  });
  run.compare->pairs_run[2].spoilt = "the host ran out of disk";
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(comparison.trials[0].pairs, 6);
  EXPECT_EQ(only_workload(comparison).points.size(), 6U);
  EXPECT_EQ(comparison.trials[0].failures.head.count, 1);
  EXPECT_EQ(comparison.trials[0].failures.head.trials, 7);
  EXPECT_EQ(comparison.trials[0].failures.base.trials, 6);
  EXPECT_EQ(comparison.trials[0].no_verdict, 1);
  EXPECT_EQ(comparison.trust.spoilt.size(), 1U);
  EXPECT_TRUE(comparison.new_findings);
}

TEST(Comparison, TrialsOfASickHostAreNotCounted) {
  RunRecord run = sample_comparison(7, [](TrialRecord& trial, const SamplePair& pair) {
    if (pair.number != 3 || !pair.is_head) return;
    fail_with(trial, sample_finding("f1", "stall", "stall: no progress", 30));
    trial.health->problems = {"steal of 40 %"};
    trial.health->steal = 0.4;
  });
  run.compare->pairs_run[2].spoilt = "steal of 40 %";
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(comparison.trials[0].failures.head.count, 0);
  EXPECT_EQ(comparison.trials[0].not_well, 1);
  // It is not kept from the reader either.
  EXPECT_EQ(finding_of(comparison, "stall").verdict, FindingVerdict::not_observable);
  EXPECT_EQ(finding_of(comparison, "stall").doubt, "seen only in trials that do not count");
  EXPECT_EQ(comparison.trust.host.steal, 0.4);
  EXPECT_THAT(comparison.trust.host.problems, ElementsAre("steal of 40 % (trial 6)"));
  EXPECT_FALSE(comparison.new_findings);
}

TEST(Comparison, SteadyHostIsShownByBaseAgainstItself) {
  RunRecord run = sample_comparison(12, head_rate(0.93));
  add_same_pairs(run, 4, 1);
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(comparison.trust.same.pairs, 4);
  EXPECT_EQ(comparison.trust.same.workloads.at(0).effect.pairs, 4);
  EXPECT_FALSE(comparison.trust.same.host_sick);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::worse);
  // More trials of base are more to go by for failures.
  EXPECT_EQ(comparison.trials[0].failures.base.trials, 20);
}

TEST(Comparison, BaseThatDiffersFromItselfTakesAllVerdictsBack) {
  RunRecord run = sample_comparison(12, head_rate(0.93));
  add_same_pairs(run, 6, 1.2);
  const Comparison comparison = compare_run(run);
  EXPECT_TRUE(comparison.trust.same.host_sick);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::inconclusive);
  EXPECT_THAT(only_workload(comparison).doubt, HasSubstr("base differs from itself"));
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::inconclusive);
  EXPECT_EQ(exit_of(comparison), 4);
  EXPECT_THAT(sentence(comparison), HasSubstr("no verdict holds"));
}

TEST(Comparison, PlannedPairsAreJudgedOnlyAtTheirEnd) {
  RunRecord run = sample_comparison(12, head_rate(0.8));
  run.outcome = Outcome::running;
  run.compare->pairs = 24;
  Comparison comparison = compare_run(run);
  EXPECT_FALSE(comparison.ended);
  EXPECT_TRUE(comparison.looks.empty());
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::inconclusive);
  EXPECT_EQ(only_workload(comparison).doubt, "12 of 24 pairs so far");
  run.compare->pairs = 12;
  comparison = compare_run(run);
  EXPECT_TRUE(comparison.ended);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::worse);
}

TEST(Comparison, LooksAtTheirLevelsAndKeepsWhatALookAnswered) {
  // Slower in the first six pairs, faster in all others: what was seen first stays the answer.
  RunRecord run = sample_comparison(13, [](TrialRecord& trial, const SamplePair& pair) {
    const double factor = !pair.is_head ? 1 : pair.number <= 6 ? 0.7 : 1.4;
    with_rate(trial, trial.workloads[0].total.steady->operations_per_second * factor);
  });
  run.outcome = Outcome::running;
  run.compare->pairs = 0;
  Comparison comparison = compare_run(run);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::worse);
  EXPECT_EQ(only_workload(comparison).look.pairs, 6);
  EXPECT_EQ(only_workload(comparison).look.alpha, 0.0005);
  ASSERT_EQ(comparison.looks.size(), 2U);
  EXPECT_EQ(comparison.looks[1].pairs, 12);
  // Before the first look there is no answer, however large the effect.
  run.compare->pairs_run.resize(5);
  comparison = compare_run(run);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::inconclusive);
  EXPECT_EQ(only_workload(comparison).doubt, "5 pairs so far");
  EXPECT_FALSE(comparison.open.empty());
}

TEST(Comparison, NothingIsAnsweredBeforeTheFirstLook) {
  RunRecord run = sample_comparison(5);
  for (KernelRecord& kernel : run.kernels) kernel.perf = false;
  run.outcome = Outcome::running;
  run.compare->pairs = 0;
  EXPECT_THAT(compare_run(run).open, ElementsAre("everything: there was no look at it yet"));
  RunRecord looked = sample_comparison(6);
  looked.outcome = Outcome::running;
  looked.compare->pairs = 0;
  for (KernelRecord& kernel : looked.kernels) kernel.perf = false;
  EXPECT_THAT(compare_run(looked).open, testing::IsEmpty());
}

TEST(Comparison, ComparisonCutShortHasOneLookMore) {
  RunRecord run = sample_comparison(5, head_rate(0.8));
  run.compare->pairs = 0;
  run.compare->stopped = "the budget of 2h was used";
  Comparison comparison = compare_run(run);
  EXPECT_EQ(only_workload(comparison).look.pairs, 5);
  EXPECT_EQ(only_workload(comparison).look.alpha, 0.05);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::worse);
  // After a look it takes the place of the next one. Half of the pairs differ much: no answer at 6.
  RunRecord longer = sample_comparison(8, [](TrialRecord& trial, const SamplePair& pair) {
    if (pair.is_head) with_rate(trial, pair.number % 2 == 0 ? 130 : 90);
  });
  longer.compare->pairs = 0;
  longer.compare->stopped = run.compare->stopped;
  comparison = compare_run(longer);
  EXPECT_EQ(only_workload(comparison).look.pairs, 8);
  EXPECT_EQ(only_workload(comparison).look.alpha, 0.014);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::inconclusive);
  EXPECT_THAT(comparison.open.at(0), HasSubstr("throughput of mmap-dio"));
  EXPECT_EQ(exit_of(comparison), 4);
}

TEST(Comparison, ManyWorkloadsAreHeldToHolmTogether) {
  // p is about 0.03 for one workload: enough alone, not as one of three.
  const auto noisy = [](TrialRecord& trial, const SamplePair& pair) {
    if (pair.is_head)
      with_rate(trial, 95 + 6 * std::sin(2.1 * pair.number));
    else
      with_rate(trial, 100);
  };
  RunRecord run = sample_comparison(8, noisy);
  const Comparison alone = compare_run(run);
  const double p = only_workload(alone).p;
  ASSERT_LT(p, 0.05);
  ASSERT_GT(p, 0.05 / 3);
  EXPECT_EQ(only_workload(alone).verdict, EffectVerdict::worse);
  for (TrialRecord& trial : run.trials)
    for (const char* const name : {"second", "third"}) {
      trial.workloads.push_back(trial.workloads[0]);
      trial.workloads.back().name = name;
      // Noise of its own, far from any effect.
      const double rate = 100 * (1 + 0.2 * std::sin(trial.number * (name[0] == 's' ? 1.3 : 2.9)));
      trial.workloads.back().total.steady->operations_per_second = rate;
    }
  const Comparison together = compare_run(run);
  EXPECT_EQ(only_workload(together).verdict, EffectVerdict::inconclusive);
  EXPECT_THAT(only_workload(together).doubt, HasSubstr("Holm"));
}

TEST(Comparison, KernelAgainstItselfTakesItsSidesFromThePairs) {
  RunRecord run = sample_comparison(8, head_rate(0.93));
  run.compare->head = run.compare->base;
  for (TrialRecord& trial : run.trials) trial.kernel = run.compare->base;
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(comparison.trials[0].failures.base.trials, 8);
  EXPECT_EQ(comparison.trials[0].failures.head.trials, 8);
  EXPECT_EQ(only_workload(comparison).verdict, EffectVerdict::worse);
  EXPECT_THAT(sentence(comparison), testing::StartsWith("unpatched against itself: "));
}

TEST(Comparison, OrdinaryRunOfTwoKernelsIsJudgedByItsFailures) {
  const Comparison comparison = compare_run(demo_run());
  EXPECT_EQ(comparison.base, "unpatched");
  EXPECT_EQ(comparison.head, "patched");
  EXPECT_FALSE(comparison.paired);
  ASSERT_EQ(comparison.trials.size(), 3U);
  for (const TrialComparison& trial : comparison.trials)
    for (const ThroughputComparison& one : trial.workloads)
      EXPECT_EQ(one.not_judged, "not run in pairs");
  // One trial each is no proof of anything.
  EXPECT_EQ(finding_of(comparison, "bug").verdict, FindingVerdict::not_seen);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::inconclusive);
  EXPECT_THAT(comparison.open.at(0), HasSubstr("4 trials of each kernel would tell"));
}

TEST(Comparison, ExistingResultsAreJudgedByTheirFailures) {
  const auto repeated = [](const std::string& kernel, bool fails) {
    RunRecord run = sample_run();
    run.kernels = {sample_kernel(kernel, "")};
    for (int i = 1; i <= 8; ++i) {
      run.trials.push_back(sample_trial(i, kernel, "abba"));
      with_rate(run.trials.back(), fails ? 100 : 50);
      if (fails) fail_with(run.trials.back(), sample_deadlock());
    }
    run.id = kernel + "-run";
    return run;
  };
  const RunRecord base = repeated("v6.1", true);
  RunRecord head = repeated("v6.2", false);
  head.nodes = 3;
  const Comparison comparison = compare_runs(base, "v6.1", head, "v6.2");
  EXPECT_EQ(finding_of(comparison, "deadlock").verdict, FindingVerdict::fixed);
  EXPECT_EQ(finding_of(comparison, "deadlock").base.first.run, "v6.1-run");
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::better);
  EXPECT_EQ(only_workload(comparison).not_judged, "not run in pairs");
  EXPECT_EQ(only_workload(comparison).head.rate, 50);
  EXPECT_THAT(comparison.trust.differences, ElementsAre("nodes: 2 and 3"));
  EXPECT_THROW(compare_runs(base, "v6.2", head, "v6.2"), UsageError);
  head.accel = "kvm";
  EXPECT_THROW(compare_runs(base, "v6.1", head, "v6.2"), UsageError);
}

TEST(Comparison, RefusesARunThatHasNothingToCompare) {
  RunRecord run = demo_run();
  EXPECT_TRUE(is_comparable(run));
  run.hunt = HuntRecord{};
  EXPECT_FALSE(is_comparable(run));
  EXPECT_THROW(compare_run(run), UsageError);
  EXPECT_FALSE(is_comparable(sample_run()));
}

TEST(Comparison, SaysSoIfNothingCountsAtAll) {
  RunRecord run = sample_comparison(0);
  run.outcome = Outcome::interrupted;
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::inconclusive);
  EXPECT_THAT(sentence(comparison), HasSubstr("nothing to compare"));
  EXPECT_EQ(exit_of(comparison), 130);
  EXPECT_EQ(bisect_answer(comparison), 130);
  run.outcome = Outcome::error;
  EXPECT_EQ(exit_of(compare_run(run)), 3);
  EXPECT_EQ(bisect_answer(compare_run(run)), 125);
}

TEST(Comparison, DamagedRecordsAreNoReasonToFallOver) {
  RunRecord run = sample_comparison(4);
  run.compare->pairs_run[0].base_trial = -7;
  run.compare->pairs_run[1].head_trial = 99;
  run.compare->pairs = -3;
  run.compare->margins = {{"mmap-dio", -1}};
  run.trials[6].workloads.clear();
  run.trials[7].workloads[0].total.steady->operations_per_second = 0;
  run.trials[5].seconds = -4;
  const Comparison comparison = compare_run(run);
  EXPECT_EQ(only_workload(comparison).points.size(), 1U);
  EXPECT_EQ(only_workload(comparison).margin, 0.05);
  EXPECT_EQ(comparison.verdict, ComparisonVerdict::inconclusive);
}

TEST(FailOnTest, ReadsWhatACallerAskedFor) {
  EXPECT_EQ(parse_fail_on("worse,new-finding,inconclusive"), fail_on_everything());
  EXPECT_EQ(parse_fail_on("worse,worse"), std::set<FailOn>{FailOn::worse});
  EXPECT_TRUE(parse_fail_on("none").empty());
  for (const char* const text : {"", "wrse", "worse,", "none,worse"})
    EXPECT_THROW(parse_fail_on(text), UsageError) << text;
}

}  // namespace
}  // namespace gridlock
