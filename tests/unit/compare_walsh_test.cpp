// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/walsh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "support/simulation.h"

namespace gridlock {
namespace {

std::vector<double> all_averages(const std::vector<double>& values) {
  std::vector<double> averages;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  std::ranges::sort(averages);
  return averages;
}

void expect_same_as_all(const std::vector<double>& values) {
  const WalshAverages averages(values);
  const auto all = all_averages(values);
  ASSERT_EQ(averages.count(), static_cast<std::int64_t>(all.size()));
  for (std::size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(averages.ranked(static_cast<std::int64_t>(i) + 1), all[i]) << i;
  const std::size_t half = all.size() / 2;
  EXPECT_DOUBLE_EQ(averages.median(),
                   all.size() % 2 == 1 ? all[half] : (all[half - 1] + all[half]) / 2);
}

TEST(WalshAverages, AreTheSortedAveragesOfAllPairs) {
  Noise noise(1);
  for (int n = 1; n <= 40; ++n) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(noise.of(Family::student3));
    expect_same_as_all(values);
  }
}

TEST(WalshAverages, MayBeEqualZeroOrOfVeryUnequalSize) {
  expect_same_as_all({0, 0, 0, 0});
  expect_same_as_all({-0.0, 0.0, 1, 1, -1, -1, 2});
  expect_same_as_all({5e-324, -5e-324, 1e-300, 100, -100, 1e-9});
  expect_same_as_all({0.1, 0.1, 0.1});
}

TEST(WalshAverages, HaveNoRankBeyondTheirNumber) {
  const WalshAverages averages({1, 2, 3});
  EXPECT_THROW(averages.ranked(0), InternalError);
  EXPECT_THROW(averages.ranked(7), InternalError);
  EXPECT_THROW(WalshAverages({}), InternalError);
}

// All of them would be 50 million: 400 MB.
TEST(WalshAverages, OfManyValuesAreRankedWithoutBeingKept) {
  constexpr std::size_t kValues = 10'000;
  Noise noise(2);
  std::vector<double> values;
  for (std::size_t i = 0; i < kValues; ++i) values.push_back(noise.normal());
  const WalshAverages averages(values);
  for (const std::int64_t rank : {std::int64_t{1}, averages.count() / 3, averages.count()}) {
    const double average = averages.ranked(rank);
    std::int64_t below = 0;
    std::int64_t up_to = 0;
    for (std::size_t i = 0; i < kValues; ++i) {
      for (std::size_t j = i; j < kValues; ++j) {
        const double other = (values[i] + values[j]) / 2;
        below += other < average ? 1 : 0;
        up_to += other <= average ? 1 : 0;
      }
    }
    EXPECT_LT(below, rank);
    EXPECT_GE(up_to, rank);
  }
}

/// In how many of all 2^n choices of signs the sum of the ranks with a plus is at most `sum`.
double chance_up_to(int n, int sum) {
  int chosen = 0;
  for (unsigned signs = 0; signs < 1u << n; ++signs) {
    int plus = 0;
    for (int rank = 1; rank <= n; ++rank)
      if ((signs >> (rank - 1) & 1u) != 0) plus += rank;
    if (plus <= sum) ++chosen;
  }
  return static_cast<double>(chosen) / std::exp2(n);
}

TEST(SignedRankBound, IsTheLastThatErrsRarelyEnoughByCountingAllSigns) {
  for (int n = 1; n <= 14; ++n) {
    const auto bound = static_cast<int>(signed_rank_bound(static_cast<std::size_t>(n), 0.05));
    if (bound > 0) {
      EXPECT_LE(2 * chance_up_to(n, bound - 1), 0.05) << n;
    }
    EXPECT_GT(2 * chance_up_to(n, bound), 0.05) << n;
  }
}

// Tables of Wilcoxon's critical values, two-sided 5 %; the bound is the rank after.
TEST(SignedRankBound, AgreesWithThePublishedTable) {
  const struct {
    std::size_t values;
    std::int64_t critical;
  } table[] = {{6, 0},   {7, 2},   {8, 3},   {9, 5},    {10, 8},   {11, 10}, {12, 13},
               {15, 25}, {20, 52}, {25, 89}, {30, 137}, {40, 264}, {50, 434}};
  for (const auto& row : table)
    EXPECT_EQ(signed_rank_bound(row.values, 0.05), row.critical + 1) << row.values;
  for (const std::size_t values : {0u, 1u, 4u, 5u})
    EXPECT_EQ(signed_rank_bound(values, 0.05), 0) << values;
}

TEST(SignedRankBound, OfManyValuesIsTheExactOneOrTheNextOutside) {
  for (const std::size_t values : {101u, 150u, 260u}) {
    std::vector<double> chance(values * (values + 1) / 2 + 1, 0.0);
    chance[0] = 1;
    for (std::size_t rank = 1; rank <= values; ++rank)
      for (std::size_t sum = chance.size(); sum-- > 0;)
        chance[sum] = (chance[sum] + (sum >= rank ? chance[sum - rank] : 0)) / 2;
    double below = 0;
    std::int64_t exact = 0;
    while (2 * (below += chance[static_cast<std::size_t>(exact)]) <= 0.05) ++exact;
    const std::int64_t bound = signed_rank_bound(values, 0.05);
    EXPECT_GE(bound, exact - 1) << values;
    EXPECT_LE(bound, exact) << values;
  }
}

}  // namespace
}  // namespace gridlock
