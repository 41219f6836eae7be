// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/failures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "support/simulation.h"

namespace gridlock {
namespace {

TEST(CompareFailures, SaysWhatTheCountsShow) {
  EXPECT_EQ(compare_failures(12, 12, 0, 12).verdict, FailureVerdict::fixed);
  EXPECT_EQ(compare_failures(0, 12, 12, 12).verdict, FailureVerdict::broken);
  EXPECT_EQ(compare_failures(11, 12, 2, 12).verdict, FailureVerdict::rarer);
  EXPECT_EQ(compare_failures(2, 12, 11, 12).verdict, FailureVerdict::more_often);
  EXPECT_EQ(compare_failures(4, 12, 5, 12).verdict, FailureVerdict::same);
  EXPECT_EQ(compare_failures(0, 12, 0, 12).verdict, FailureVerdict::same);
  EXPECT_EQ(compare_failures(3, 12, 0, 12).verdict, FailureVerdict::inconclusive);
  EXPECT_EQ(compare_failures(0, 12, 3, 12).verdict, FailureVerdict::inconclusive);
}

TEST(CompareFailures, KeepsTheRatesAndTheChance) {
  const auto seen = compare_failures(9, 12, 0, 12);
  EXPECT_EQ(seen.base.count, 9);
  EXPECT_EQ(seen.head.trials, 12);
  EXPECT_NEAR(seen.head.high, 0.2209, 1e-4);
  EXPECT_NEAR(seen.p, 440.0 / 1'307'504, 1e-9);  // 2 C(12, 9) / C(24, 9)
}

TEST(CompareFailures, OfASideWithoutTrialsSaysNothing) {
  EXPECT_EQ(compare_failures(0, 0, 0, 12).verdict, FailureVerdict::inconclusive);
  EXPECT_EQ(compare_failures(5, 5, 0, 0).verdict, FailureVerdict::inconclusive);
  EXPECT_EQ(compare_failures(0, 0, 0, 0).verdict, FailureVerdict::inconclusive);
  EXPECT_EQ(compare_failures(5, 5, 0, 0).p, 1);
}

TEST(CompareFailures, HoldsTheTestToTheLevelAskedFor) {
  EXPECT_EQ(compare_failures(5, 5, 0, 5, 0.01).verdict, FailureVerdict::fixed);
  EXPECT_EQ(compare_failures(5, 5, 0, 5, 0.005).verdict, FailureVerdict::inconclusive);
}

TEST(CompareFailures, RefusesCountsThatAreNone) {
  EXPECT_THROW(compare_failures(13, 12, 0, 12), InternalError);
  EXPECT_THROW(compare_failures(1, 12, -1, 12), InternalError);
}

TEST(CompareFailures, NeedsFourToSixFailuresAgainstNoneAsTheExactTablesSay) {
  for (int trials = 1; trials <= 120; ++trials) {
    const int needed = trials <= 5 ? 4 : trials <= 24 ? 5 : 6;
    for (int failed = 0; failed <= std::min(trials, 10); ++failed) {
      const FailureVerdict expected = failed == 0        ? FailureVerdict::same
                                      : failed >= needed ? FailureVerdict::fixed
                                                         : FailureVerdict::inconclusive;
      ASSERT_EQ(compare_failures(failed, trials, 0, trials).verdict, expected)
          << failed << " of " << trials;
    }
  }
}

// Kernels that fail alike and are compared after 6, 12 and 24 pairs: the exact test errs so seldom
// in few trials that three looks together keep its level. Standard error 0.35 points.
TEST(SimulatedFailures, AreCalledDifferentByNoMoreThanTheLevelOfOneLookInAllThree) {
  for (const double rate : {0.1, 0.5}) {
    Noise noise(1100);
    const double wrong = share_of(repetitions(4'000), [&](int) {
      int base = 0;
      int head = 0;
      for (int trials = 1; trials <= 24; ++trials) {
        base += noise.uniform() < rate ? 1 : 0;
        head += noise.uniform() < rate ? 1 : 0;
        const bool looks = trials == 6 || trials == 12 || trials == 24;
        if (looks && compare_failures(base, trials, head, trials).p < 0.05) return true;
      }
      return false;
    });
    found("failures called different, rate " + std::to_string(rate), wrong);
    EXPECT_LE(wrong, 0.055) << rate;
  }
}

TEST(CompareFailures, BoundARateThatWasNeverSeen) {
  for (const int trials : {1, 5, 8, 10, 12, 20, 30, 59, 299})
    EXPECT_NEAR(exact_rate(0, trials).high, 1 - std::pow(0.05, 1.0 / trials), 1e-9) << trials;
}

TEST(RateText, SaysTheCountsAndTheirBounds) {
  EXPECT_EQ(rate_text(exact_rate(0, 12)), "0/12 (below 22 %)");
  EXPECT_EQ(rate_text(exact_rate(12, 12)), "12/12 (above 78 %)");
  EXPECT_EQ(rate_text(exact_rate(3, 12)), "3/12 (25 %, 5.5-57 %)");
  EXPECT_EQ(rate_text(exact_rate(0, 0)), "no trial");
  EXPECT_EQ(rate_text(exact_rate(0, 5)), "0/5 (below 45 %)");
  EXPECT_EQ(rate_text(exact_rate(0, 30)), "0/30 (below 9.5 %)");
  EXPECT_EQ(rate_text(exact_rate(0, 299)), "0/299 (below 1.0 %)");
}

TEST(RateText, NeverRoundsABoundToNoneOrAll) {
  EXPECT_EQ(rate_text(exact_rate(0, 100'000)), "0/100000 (below 0.003 %)");
  EXPECT_EQ(rate_text(exact_rate(100'000, 100'000)), "100000/100000 (above 99.997 %)");
  EXPECT_EQ(rate_text(exact_rate(1, 2000)), "1/2000 (0.050 %, 0.001-0.3 %)");
  EXPECT_EQ(rate_text(exact_rate(1, 1)), "1/1 (above 5.0 %)");
  EXPECT_EQ(rate_text(exact_rate(0, 1)), "0/1 (below 95.0 %)");
}

TEST(JudgeFinding, NamesWhatBecameOfIt) {
  EXPECT_EQ(judge_finding(12, 12, 0, 12), FindingVerdict::fixed);
  EXPECT_EQ(judge_finding(3, 12, 0, 12), FindingVerdict::not_seen);
  EXPECT_EQ(judge_finding(0, 12, 1, 12), FindingVerdict::added);
  EXPECT_EQ(judge_finding(0, 12, 12, 12), FindingVerdict::added);
  EXPECT_EQ(judge_finding(4, 12, 6, 12), FindingVerdict::still_present);
  EXPECT_EQ(judge_finding(12, 12, 3, 12), FindingVerdict::rate_changed);
  EXPECT_EQ(judge_finding(1, 12, 11, 12), FindingVerdict::rate_changed);
}

TEST(JudgeFinding, SaysNothingWhereADetectorWasDead) {
  EXPECT_EQ(judge_finding(5, 5, 0, 0), FindingVerdict::not_observable);
  EXPECT_EQ(judge_finding(0, 0, 5, 5), FindingVerdict::not_observable);
  EXPECT_EQ(judge_finding(0, 5, 0, 5), FindingVerdict::not_observable);
  // Alive in two of twelve: 12 of 12 against none of two is a chance of 1 in 91, none of one not.
  EXPECT_EQ(judge_finding(12, 12, 0, 2), FindingVerdict::fixed);
  EXPECT_EQ(judge_finding(12, 12, 0, 1), FindingVerdict::not_seen);
  EXPECT_THROW(judge_finding(2, 1, 0, 5), InternalError);
}

TEST(Verdicts, OfFailuresAndFindingsAreWords) {
  EXPECT_EQ(to_string(FailureVerdict::fixed), "fixed");
  EXPECT_EQ(to_string(FailureVerdict::rarer), "rarer");
  EXPECT_EQ(to_string(FailureVerdict::same), "same");
  EXPECT_EQ(to_string(FailureVerdict::more_often), "more often");
  EXPECT_EQ(to_string(FailureVerdict::broken), "broken");
  EXPECT_EQ(to_string(FailureVerdict::inconclusive), "inconclusive");
  EXPECT_EQ(to_string(FindingVerdict::fixed), "fixed");
  EXPECT_EQ(to_string(FindingVerdict::not_seen), "not seen on head");
  EXPECT_EQ(to_string(FindingVerdict::added), "new");
  EXPECT_EQ(to_string(FindingVerdict::still_present), "still present");
  EXPECT_EQ(to_string(FindingVerdict::rate_changed), "rate changed");
  EXPECT_EQ(to_string(FindingVerdict::not_observable), "not observable");
}

TEST(TrialsNeeded, AreThoseOfTheTable) {
  const struct {
    double rate;
    int at_80;
    int at_90;
  } table[] = {{0.9, 5, 5},   {0.7, 8, 9},   {0.5, 12, 14},
               {0.3, 21, 29}, {0.2, 39, 45}, {0.1, 78, 91}};
  for (const auto& row : table) {
    EXPECT_EQ(trials_needed(row.rate, 0.8), row.at_80) << row.rate;
    EXPECT_EQ(trials_needed(row.rate, 0.9), row.at_90) << row.rate;
  }
}

/// The chance that a kernel which fails at `rate` is told from one that never does, by Fisher's
/// test of every table.
double power(double rate, int trials) {
  double sum = 0;
  double chance = std::pow(1 - rate, trials);  // of no failure
  for (int failed = 0; failed <= trials; ++failed) {
    if (fisher_exact(failed, trials, 0, trials) < 0.05) sum += chance;
    chance *= rate / (1 - rate) * (trials - failed) / (failed + 1);
  }
  return sum;
}

TEST(TrialsNeeded, AreTheFirstWithThePowerAskedFor) {
  for (const double rate : {0.25, 0.45, 0.8}) {
    const int needed = trials_needed(rate, 0.8);
    EXPECT_GE(power(rate, needed), 0.8) << rate;
    for (int fewer = 1; fewer < needed; ++fewer) EXPECT_LT(power(rate, fewer), 0.8) << rate;
  }
}

TEST(TrialsNeeded, EndSomewhere) {
  EXPECT_EQ(trials_needed(0, 0.8), 10'000);
  EXPECT_EQ(trials_needed(1e-6, 0.8), 10'000);
  EXPECT_EQ(trials_needed(1, 0.8), 4);
  EXPECT_THROW(trials_needed(1.5, 0.8), InternalError);
  EXPECT_THROW(trials_needed(0.5, 1), InternalError);
  EXPECT_THROW(trials_needed(std::nan(""), 0.8), InternalError);
}

}  // namespace
}  // namespace gridlock
