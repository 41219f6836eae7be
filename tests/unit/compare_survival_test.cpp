// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/survival.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/simulation.h"

namespace gridlock {
namespace {

using Trials = std::vector<TimeToFailure>;

// Weeks of remission of leukemia: E. J. Freireich and others, Blood 21 (1963), as in E. A. Gehan,
// Biometrika 52 (1965). The values expected below are those of the textbooks.
const Trials kPlacebo{{1, true},  {1, true},  {2, true},  {2, true},  {3, true},  {4, true},
                      {4, true},  {5, true},  {5, true},  {8, true},  {8, true},  {8, true},
                      {8, true},  {11, true}, {11, true}, {12, true}, {12, true}, {15, true},
                      {17, true}, {22, true}, {23, true}};
const Trials kMercaptopurine{
    {6, true},   {6, true},   {6, true},   {6, false},  {7, true},   {9, false},  {10, true},
    {10, false}, {11, false}, {13, true},  {16, true},  {17, false}, {19, false}, {20, false},
    {22, true},  {23, true},  {25, false}, {32, false}, {32, false}, {34, false}, {35, false}};

TEST(Survival, IsThePublishedCurve) {
  const auto steps = survival(kMercaptopurine);
  const SurvivalStep published[] = {{0, 1, 21},      {6, 0.857, 21},  {7, 0.807, 17},
                                    {10, 0.753, 15}, {13, 0.690, 12}, {16, 0.627, 11},
                                    {22, 0.538, 7},  {23, 0.448, 6}};
  ASSERT_EQ(steps.size(), std::size(published));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].seconds, published[i].seconds);
    EXPECT_NEAR(steps[i].share, published[i].share, 0.0005);
    EXPECT_EQ(steps[i].at_risk, published[i].at_risk);
  }
}

TEST(Survival, EndsAtZeroIfAllFailed) {
  EXPECT_DOUBLE_EQ(survival(kPlacebo).back().share, 0);
  EXPECT_EQ(survival(kPlacebo).back().at_risk, 1);
}

TEST(Survival, OfNothingIsEmptyAndOfNoFailureLevel) {
  EXPECT_TRUE(survival({}).empty());
  const auto steps = survival({{30, false}, {20, false}});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].share, 1);
  EXPECT_EQ(steps[0].at_risk, 2);
}

TEST(Survival, CountsATrialWatchedUntilAFailureAsAtRiskThen) {
  const auto steps = survival({{10, false}, {10, true}});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_DOUBLE_EQ(steps[1].share, 0.5);
}

TEST(LogRank, AgreesWithThePublishedExample) {
  const double p = log_rank_p(kPlacebo, kMercaptopurine);
  const double chi_squared =
      boost::math::quantile(boost::math::complement(boost::math::chi_squared(1.0), p));
  EXPECT_NEAR(chi_squared, 16.79, 0.005);
  EXPECT_NEAR(log_rank_p(kMercaptopurine, kPlacebo), p, 1e-15);
}

TEST(LogRank, SaysNothingWhereNothingCanBeSaid) {
  EXPECT_EQ(log_rank_p({}, kPlacebo), 1);
  EXPECT_EQ(log_rank_p(kPlacebo, {}), 1);
  EXPECT_EQ(log_rank_p({}, {}), 1);
  EXPECT_EQ(log_rank_p({{5, false}}, {{5, false}, {7, false}}), 1);
  EXPECT_NEAR(log_rank_p(kPlacebo, kPlacebo), 1, 1e-12);
  EXPECT_EQ(log_rank_p({{1, true}}, {{1, true}}), 1);
}

TEST(LogRank, SeesThatOneKernelFailsLaterWhereBothAlwaysFail) {
  Trials soon;
  Trials late;
  for (int i = 0; i < 10; ++i) {
    soon.push_back({10.0 + i, true});
    late.push_back({40.0 + i, true});
  }
  EXPECT_LT(log_rank_p(soon, late), 0.001);
}

TEST(LogRank, RefusesTimesThatAreNone) {
  for (const double seconds :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(log_rank_p({{seconds, true}}, {{1, true}}), InternalError);
    EXPECT_THROW(survival({{seconds, false}}), InternalError);
  }
}

// Exponential times, the same for both, watched for one mean time. Standard error 0.35 points.
TEST(SimulatedLogRank, ErrsABitMoreOftenThanFivePercentInFewTrials) {
  for (const int trials : {8, 20}) {
    Noise noise(900);
    const double wrong = share_of(repetitions(4'000), [&](int) {
      const auto draw = [&] {
        Trials drawn;
        for (int i = 0; i < trials; ++i) {
          const double seconds = -std::log(noise.uniform());
          drawn.push_back({std::min(seconds, 1.0), seconds < 1.0});
        }
        return drawn;
      };
      const Trials base = draw();
      return log_rank_p(base, draw()) < 0.05;
    });
    found("log-rank errs, trials " + std::to_string(trials), wrong);
    EXPECT_GT(wrong, 0.035) << trials;
    EXPECT_LT(wrong, 0.075) << trials;
  }
}

}  // namespace
}  // namespace gridlock
