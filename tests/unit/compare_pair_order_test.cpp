// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/pair_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "base/error.h"

namespace gridlock {
namespace {

std::string text(const std::vector<PairOrder>& orders) {
  std::string letters;
  for (const PairOrder order : orders) letters += order == PairOrder::base_first ? 'b' : 'h';
  return letters;
}

TEST(PairOrders, HaveAsManyOfEachKindInEveryBlockOfSix) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string orders = text(pair_orders(24, seed));
    ASSERT_EQ(orders.size(), 24u);
    for (std::size_t block = 0; block < 24; block += 6)
      EXPECT_EQ(std::ranges::count(orders.substr(block, 6), 'b'), 3) << orders;
  }
}

TEST(PairOrders, OfOddNumbersHaveOneMoreOfADrawnKind) {
  for (const int pairs : {1, 3, 5, 7, 11, 13}) {
    int more_of_base = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const std::string orders = text(pair_orders(pairs, seed));
      ASSERT_EQ(orders.size(), static_cast<std::size_t>(pairs));
      const auto surplus = 2 * std::ranges::count(orders, 'b') - pairs;
      ASSERT_EQ(std::abs(surplus), 1) << orders;
      if (surplus > 0) ++more_of_base;
    }
    // 100 of 200 expected, standard deviation 7.
    EXPECT_GT(more_of_base, 70) << pairs;
    EXPECT_LT(more_of_base, 130) << pairs;
  }
}

TEST(PairOrders, GoOnBlockByBlock) {
  const std::string all = text(pair_orders(48, 7));
  for (const int pairs : {6, 12, 18, 24, 30, 36, 42})
    EXPECT_EQ(text(pair_orders(pairs, 7)), all.substr(0, static_cast<std::size_t>(pairs)));
}

TEST(PairOrders, AreTheSameEverywhere) {
  EXPECT_EQ(text(pair_orders(24, 1)), "hbhbbhbhhhbbbhbhbhhhbhbb");
  EXPECT_EQ(text(pair_orders(7, 20261125)), "bbbhhhh");
}

TEST(PairOrders, OfNoPairsAreNone) {
  EXPECT_TRUE(pair_orders(0, 1).empty());
  EXPECT_THROW(pair_orders(-1, 1), InternalError);
}

// 20 orders of three and three; chi squared of 19 degrees is above 43.8 in one of a thousand cases.
TEST(PairOrders, DrawEveryOrderOfABlockEquallyOften) {
  constexpr int kSeeds = 20'000;
  std::map<std::string, int> seen;
  for (int seed = 0; seed < kSeeds; ++seed)
    ++seen[text(pair_orders(6, static_cast<std::uint64_t>(seed)))];
  ASSERT_EQ(seen.size(), 20u);
  double chi_squared = 0;
  for (const auto& [orders, count] : seen)
    chi_squared += (count - kSeeds / 20.0) * (count - kSeeds / 20.0) / (kSeeds / 20.0);
  EXPECT_LT(chi_squared, 43.8);
}

}  // namespace
}  // namespace gridlock
