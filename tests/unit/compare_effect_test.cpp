// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/effect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/simulation.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
constexpr EffectQuestion kFivePercent{0.05, Better::more, 0.05};

/// Values with this mean and exactly this deviation.
std::vector<double> spread(int pairs, double mean, double deviation) {
  std::vector<double> values;
  for (int i = 0; i < pairs; ++i) values.push_back(i);
  const double middle = (pairs - 1) / 2.0;
  const double scale = deviation / std::sqrt(pairs * (pairs + 1) / 12.0);
  for (double& value : values) value = mean + (value - middle) * scale;
  return values;
}

// Additional hours of sleep: W. S. Gosset ("Student"), Biometrika 6 (1908), table of differences;
// R's t.test(paired = TRUE) of its data set "sleep" gives t = 4.0621, p = 0.002833 and 0.7001142 to
// 2.4598858.
const std::vector<double> kSleep{1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};

TEST(EffectOf, IsStudentsIntervalOfHisOwnExample) {
  const Effect effect = effect_of(kSleep);
  EXPECT_EQ(effect.pairs, 10);
  EXPECT_NEAR(std::log1p(effect.ratio), 1.58, 1e-12);
  EXPECT_NEAR(effect.deviation, 1.229995, 1e-6);
  ASSERT_TRUE(effect.interval);
  EXPECT_NEAR(std::log1p(effect.interval->low), 0.7001142, 1e-7);
  EXPECT_NEAR(std::log1p(effect.interval->high), 2.4598858, 1e-7);
  EXPECT_NEAR(paired_p(kSleep), 0.002833, 5e-7);
}

// Of ten values the 9th of the 55 averages from below and from above: Wilcoxon's critical value
// is 8.
TEST(EffectOf, HasTheMedianAndTheRanksOfAllAverages) {
  const Effect effect = effect_of(kSleep);
  std::vector<double> averages;
  for (std::size_t i = 0; i < kSleep.size(); ++i)
    for (std::size_t j = i; j < kSleep.size(); ++j) averages.push_back((kSleep[i] + kSleep[j]) / 2);
  std::ranges::sort(averages);
  ASSERT_TRUE(effect.hodges_lehmann && effect.hodges_lehmann_interval);
  EXPECT_NEAR(std::log1p(*effect.hodges_lehmann), averages[27], 1e-12);
  EXPECT_NEAR(std::log1p(effect.hodges_lehmann_interval->low), averages[8], 1e-12);
  EXPECT_NEAR(std::log1p(effect.hodges_lehmann_interval->high), averages[46], 1e-12);
}

TEST(EffectOf, IsTheMeanOfLogRatiosTakenBack) {
  // Twice as fast and half as fast are no effect.
  EXPECT_NEAR(effect_of({std::log(2), std::log(0.5)}).ratio, 0, 1e-12);
  EXPECT_NEAR(effect_of(spread(8, std::log(0.97), 0.02)).ratio, -0.03, 1e-12);
}

TEST(EffectOf, SaysAsMuchAsThePairsAllow) {
  EXPECT_EQ(effect_of({}).pairs, 0);
  EXPECT_FALSE(effect_of({}).detectable);
  const Effect one = effect_of({0.1});
  EXPECT_NEAR(one.ratio, std::expm1(0.1), 1e-15);
  EXPECT_EQ(one.deviation, 0);
  EXPECT_FALSE(one.interval || one.detectable || one.hodges_lehmann);
  EXPECT_FALSE(effect_of(spread(2, 0, 0.1)).detectable);
  const Effect three = effect_of(spread(3, 0, 0.1));
  EXPECT_TRUE(three.detectable);
  EXPECT_FALSE(three.interval);
  const Effect five = effect_of(spread(5, 0, 0.1));
  EXPECT_TRUE(five.interval);
  EXPECT_FALSE(five.hodges_lehmann || five.hodges_lehmann_interval);
  EXPECT_TRUE(effect_of(spread(6, 0, 0.1)).hodges_lehmann_interval);
}

TEST(EffectOf, OfEqualPairsHasNoDeviation) {
  const Effect effect = effect_of(std::vector<double>(8, 0.1));
  EXPECT_EQ(effect.deviation, 0);
  EXPECT_EQ(effect.interval->low, effect.interval->high);
  EXPECT_EQ(*effect.hodges_lehmann, effect.ratio);
  EXPECT_EQ(*effect.detectable, 0);
  EXPECT_FALSE(effect.driven_by_outliers);
}

TEST(EffectOf, SaysNothingButTheNumberWhereAPairHasNoRatio) {
  for (const double none : {kInfinite, -kInfinite, kNotANumber, 1e308, -101.0}) {
    auto log_ratios = spread(12, 0.1, 0.02);
    log_ratios[3] = none;
    const Effect effect = effect_of(log_ratios);
    EXPECT_EQ(effect.pairs, 12);
    EXPECT_EQ(effect.ratio, 0);
    EXPECT_EQ(effect.deviation, 0);
    EXPECT_FALSE(effect.interval || effect.detectable || effect.hodges_lehmann ||
                 effect.hodges_lehmann_interval);
    EXPECT_FALSE(effect.driven_by_outliers);
    EXPECT_EQ(judge_effect(log_ratios, kFivePercent), EffectVerdict::inconclusive);
    EXPECT_EQ(paired_p(log_ratios), 1);
  }
}

TEST(EffectOf, IsFiniteForTheWildestRatios) {
  const std::vector<double> wild[] = {
      {100, -100, 100}, {100, 100, 100, -100}, {-100, -100, 100, 100}, {100, 100, 100, 100}};
  for (const auto& log_ratios : wild) {
    const Effect effect = effect_of(log_ratios);
    EXPECT_TRUE(std::isfinite(effect.ratio) && std::isfinite(effect.deviation));
    EXPECT_TRUE(std::isfinite(effect.detectable.value()));
    if (!effect.interval) continue;
    EXPECT_TRUE(std::isfinite(effect.interval->low) && std::isfinite(effect.interval->high));
  }
}

TEST(EffectOf, OfTenThousandPairsKeepsNoMoreThanThem) {
  Noise noise(1);
  std::vector<double> log_ratios;
  for (int i = 0; i < 10'000; ++i) log_ratios.push_back(0.03 + 0.05 * noise.normal());
  const Effect effect = effect_of(log_ratios);
  // Standard errors 0.0005. Ranks of normal noise are worth 95.5 % of it: an interval 2.3 % wider.
  EXPECT_NEAR(effect.ratio, std::expm1(0.03), 0.002);
  EXPECT_NEAR(*effect.hodges_lehmann, std::expm1(0.03), 0.002);
  EXPECT_NEAR(effect.interval->high - effect.interval->low, 0.00202, 0.0001);
  EXPECT_NEAR(effect.hodges_lehmann_interval->high - effect.hodges_lehmann_interval->low, 0.00207,
              0.0001);
}

TEST(EffectOf, SaysWhenSinglePairsMakeOrHideTheDifference) {
  for (const int pairs : {6, 8, 12, 24}) {
    auto log_ratios = spread(pairs, 0.01, 0.005);
    EXPECT_FALSE(effect_of(log_ratios).driven_by_outliers) << pairs;
    log_ratios[1] = -0.6;
    EXPECT_TRUE(effect_of(log_ratios).driven_by_outliers) << pairs;
    EXPECT_LT(effect_of(log_ratios).ratio, 0) << pairs;
    EXPECT_GT(*effect_of(log_ratios).hodges_lehmann, 0) << pairs;
  }
}

TEST(EffectOf, DetectsWhatTheTableSays) {
  // comparison-and-formats: smallest effects in %, of log ratios.
  const int pairs[] = {4, 5, 6, 8, 10, 12, 16, 20, 24, 32};
  const struct {
    double deviation;
    double detectable[10];
  } table[] = {{0.02, {4.2, 3.3, 2.8, 2.3, 2.0, 1.8, 1.5, 1.3, 1.2, 1.0}},
               {0.05, {10.4, 8.3, 7.1, 5.8, 5.0, 4.4, 3.7, 3.3, 3.0, 2.6}},
               {0.10, {20.8, 16.6, 14.2, 11.5, 9.9, 8.9, 7.5, 6.6, 6.0, 5.1}},
               {0.20, {41.6, 33.2, 28.5, 23.1, 19.9, 17.8, 15.0, 13.2, 11.9, 10.2}}};
  for (const auto& row : table) {
    for (std::size_t i = 0; i < std::size(pairs); ++i) {
      const double expected = row.detectable[i];
      const double seen =
          100 * std::log1p(*effect_of(spread(pairs[i], 0.3, row.deviation)).detectable);
      EXPECT_NEAR(seen, expected, 0.1 * expected) << row.deviation << ' ' << pairs[i];
    }
  }
}

TEST(JudgeEffect, KnowsWhichWayIsBetter) {
  const auto more = spread(8, 0.10, 0.02);
  const auto less = spread(8, -0.10, 0.02);
  EXPECT_EQ(judge_effect(more, {0.05, Better::more, 0.05}), EffectVerdict::better);
  EXPECT_EQ(judge_effect(more, {0.05, Better::less, 0.05}), EffectVerdict::worse);
  EXPECT_EQ(judge_effect(less, {0.05, Better::more, 0.05}), EffectVerdict::worse);
  EXPECT_EQ(judge_effect(less, {0.05, Better::less, 0.05}), EffectVerdict::better);
}

TEST(JudgeEffect, NeverTakesTheLackOfADifferenceForNone) {
  EXPECT_EQ(judge_effect(spread(8, 0.01, 0.2), kFivePercent), EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect(spread(8, 0.00, 0.2), kFivePercent), EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect(spread(8, 0.01, 0.02), kFivePercent), EffectVerdict::no_difference);
}

TEST(JudgeEffect, CallsSureEffectsBelowHalfTheMarginNone) {
  // The interval of all excludes 0; half of ln(1.05) is 0.0244.
  EXPECT_EQ(judge_effect(spread(8, 0.0240, 0.002), kFivePercent), EffectVerdict::no_difference);
  EXPECT_EQ(judge_effect(spread(8, 0.0250, 0.002), kFivePercent), EffectVerdict::better);
  EXPECT_EQ(judge_effect(spread(8, -0.0240, 0.002), kFivePercent), EffectVerdict::no_difference);
  EXPECT_EQ(judge_effect(spread(8, -0.0250, 0.002), kFivePercent), EffectVerdict::worse);
}

TEST(JudgeEffect, DecidesAtTheBordersOfItsIntervals) {
  // With 9 pairs of deviation 0.03 the error is 0.01; t(0.975, 8) = 2.306004, t(0.95, 8)
  // = 1.859548.
  EXPECT_EQ(judge_effect(spread(9, 0.02307, 0.03), {0.04, Better::more, 0.05}),
            EffectVerdict::better);
  EXPECT_EQ(judge_effect(spread(9, 0.02305, 0.03), {0.04, Better::more, 0.05}),
            EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect(spread(9, 0.02, 0.03), {std::expm1(0.03861), Better::more, 0.05}),
            EffectVerdict::no_difference);
  EXPECT_EQ(judge_effect(spread(9, 0.02, 0.03), {std::expm1(0.03858), Better::more, 0.05}),
            EffectVerdict::inconclusive);
}

TEST(JudgeEffect, HoldsBothAnswersToItsLevel) {
  const auto faster = spread(8, 0.05, 0.03);
  EXPECT_EQ(judge_effect(faster, kFivePercent), EffectVerdict::better);
  EXPECT_EQ(judge_effect(faster, {0.05, Better::more, 0.0005}), EffectVerdict::inconclusive);
  const auto same = spread(8, 0, 0.04);
  EXPECT_EQ(judge_effect(same, kFivePercent), EffectVerdict::no_difference);
  EXPECT_EQ(judge_effect(same, {0.05, Better::more, 0.0005}), EffectVerdict::inconclusive);
}

TEST(JudgeEffect, NeedsFourPairs) {
  EXPECT_EQ(judge_effect({}, kFivePercent), EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect({0.1}, kFivePercent), EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect({0.1, 0.1, 0.1}, kFivePercent), EffectVerdict::inconclusive);
  EXPECT_EQ(judge_effect({0.1, 0.1, 0.1, 0.1}, kFivePercent), EffectVerdict::better);
  EXPECT_EQ(judge_effect({0, 0, 0, 0}, kFivePercent), EffectVerdict::no_difference);
}

TEST(JudgeEffect, RefusesQuestionsThatAreNone) {
  const auto pairs = spread(8, 0, 0.02);
  for (const double alpha : {0.0, 0.5, 1.0, -0.1, kNotANumber})
    EXPECT_THROW(judge_effect(pairs, {0.05, Better::more, alpha}), InternalError);
  EXPECT_THROW(judge_effect(pairs, {-0.05, Better::more, 0.05}), InternalError);
  EXPECT_THROW(judge_effect(pairs, {kNotANumber, Better::more, 0.05}), InternalError);
}

TEST(PairedP, IsOneWhereNothingCanBeSaid) {
  EXPECT_EQ(paired_p({}), 1);
  EXPECT_EQ(paired_p({0.3}), 1);
  EXPECT_EQ(paired_p({0, 0, 0}), 1);
  EXPECT_EQ(paired_p({0.1, 0.1, 0.1}), 0);
  EXPECT_NEAR(paired_p({-1, 1}), 1, 1e-12);
}

TEST(PairsNeeded, GrowWithTheDeviationAndAreTheFirstThatSuffice) {
  const PairsNeeded needed = pairs_needed(0.05, 0.05);
  // By the table of detectable effects 10 pairs show 5.0 % of log ratios, 12 show 4.4.
  EXPECT_EQ(needed.to_differ, 11);
  EXPECT_EQ(needed.to_equal, 11);
  EXPECT_EQ(pairs_needed(0.10, 0.05).to_differ, 35);
  EXPECT_EQ(pairs_needed(0.10, 0.05).to_equal, 38);
  EXPECT_EQ(pairs_needed(0.20, 0.05).to_differ, 134);
  EXPECT_EQ(pairs_needed(0.20, 0.05).to_equal, 146);
}

TEST(PairsNeeded, AreFourAtLeastAndAbsentBeyondTheMost) {
  EXPECT_EQ(pairs_needed(0, 0.05).to_differ, 4);
  EXPECT_EQ(pairs_needed(0, 0.05).to_equal, 4);
  EXPECT_EQ(pairs_needed(1e-9, 0.05).to_equal, 4);
  EXPECT_EQ(pairs_needed(0.20, 0.05, 134).to_differ, 134);
  EXPECT_FALSE(pairs_needed(0.20, 0.05, 133).to_differ);
  EXPECT_FALSE(pairs_needed(0.05, 0.05, 3).to_differ);
  EXPECT_FALSE(pairs_needed(100, 0.0001).to_equal);
  for (const auto& [deviation, margin] :
       {std::pair{kNotANumber, 0.05}, {-0.1, 0.05}, {0.1, 0.0}, {0.1, kNotANumber}}) {
    EXPECT_FALSE(pairs_needed(deviation, margin).to_differ);
    EXPECT_FALSE(pairs_needed(deviation, margin).to_equal);
  }
  EXPECT_FALSE(pairs_needed(kInfinite, 0.05).to_differ);
}

TEST(Looks, AreAtSixTwelveAndTwentyFourPairs) {
  EXPECT_EQ(look_alpha(6), 0.0005);
  EXPECT_EQ(look_alpha(12), 0.014);
  EXPECT_EQ(look_alpha(24), 0.045);
  for (const int pairs : {-6, 0, 5, 7, 11, 18, 23, 25, 48}) EXPECT_FALSE(look_alpha(pairs));
}

TEST(Holm, AgreesWithTheTextbook) {
  EXPECT_THAT(holm({0.01, 0.04, 0.03, 0.005}, 0.05), ElementsAre(true, false, false, true));
  EXPECT_THAT(holm({0.001, 0.02, 0.03}, 0.05), ElementsAre(true, true, true));
  // The second fails at 0.025, so the third is not asked although it is below 0.05.
  EXPECT_THAT(holm({0.001, 0.026, 0.03}, 0.05), ElementsAre(true, false, false));
}

TEST(Holm, TakesOneTestAsItIsAndNoneAsNone) {
  EXPECT_THAT(holm({0.05}, 0.05), ElementsAre(true));
  EXPECT_THAT(holm({0.0501}, 0.05), ElementsAre(false));
  EXPECT_THAT(holm({}, 0.05), IsEmpty());
  EXPECT_THAT(holm({0.02, 0.02}, 0.05), ElementsAre(true, true));
  EXPECT_THAT(holm({kNotANumber, 0.01}, 0.05), ElementsAre(false, true));
}

TEST(Fairness, IsTheLeastShareAndJainsIndex) {
  const auto even = fairness_of({5, 5, 5});
  ASSERT_TRUE(even);
  EXPECT_DOUBLE_EQ(even->min_to_max, 1);
  EXPECT_DOUBLE_EQ(even->jain, 1);
  const auto one_of_four = fairness_of({8, 0, 0, 0});
  EXPECT_DOUBLE_EQ(one_of_four->min_to_max, 0);
  EXPECT_DOUBLE_EQ(one_of_four->jain, 0.25);
  const auto uneven = fairness_of({1, 2, 3});
  EXPECT_DOUBLE_EQ(uneven->min_to_max, 1.0 / 3);
  EXPECT_DOUBLE_EQ(uneven->jain, 36.0 / (3 * 14));
}

TEST(Fairness, IsAbsentWhereThereAreNoShares) {
  EXPECT_FALSE(fairness_of({}));
  EXPECT_FALSE(fairness_of({0, 0}));
  EXPECT_FALSE(fairness_of({1, -1}));
  EXPECT_FALSE(fairness_of({1, kNotANumber}));
  EXPECT_FALSE(fairness_of({kInfinite, 1}));
  EXPECT_DOUBLE_EQ(fairness_of({1e308, 1e308})->jain, 1);
}

TEST(EffectVerdicts, AreWords) {
  EXPECT_EQ(to_string(EffectVerdict::better), "better");
  EXPECT_EQ(to_string(EffectVerdict::worse), "worse");
  EXPECT_EQ(to_string(EffectVerdict::no_difference), "no difference");
  EXPECT_EQ(to_string(EffectVerdict::inconclusive), "inconclusive");
}

}  // namespace
}  // namespace gridlock
