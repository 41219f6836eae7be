// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/pair_order.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "base/error.h"

namespace gridlock {
namespace {

/// Balanced after every look that a comparison may take: after 6, 12 and 24 pairs.
constexpr int kBlock = 6;

/// A number below `bound`, each equally likely. The engine is the same everywhere; the standard
/// library's distributions and its shuffle are not.
std::uint64_t draw_below(std::uint64_t bound, std::mt19937_64& random) {
  const std::uint64_t whole = std::numeric_limits<std::uint64_t>::max() / bound * bound;
  std::uint64_t drawn = random();
  while (drawn >= whole) drawn = random();
  return drawn % bound;
}

std::vector<PairOrder> block(int pairs, std::mt19937_64& random) {
  const auto size = static_cast<std::size_t>(pairs);
  std::vector<PairOrder> orders(size, PairOrder::base_first);
  std::fill_n(orders.begin(), size / 2, PairOrder::head_first);
  if (size % 2 == 1 && draw_below(2, random) == 1) orders.back() = PairOrder::head_first;
  for (std::size_t i = size; i > 1; --i)
    std::swap(orders[i - 1], orders[static_cast<std::size_t>(draw_below(i, random))]);
  return orders;
}

}  // namespace

std::vector<PairOrder> pair_orders(int pairs, std::uint64_t seed) {
  GRIDLOCK_CHECK(pairs >= 0, "a number of pairs");
  std::mt19937_64 random(seed);
  std::vector<PairOrder> orders;
  orders.reserve(static_cast<std::size_t>(pairs));
  for (int left = pairs; left > 0; left -= kBlock) {
    const auto next = block(std::min(left, kBlock), random);
    orders.insert(orders.end(), next.begin(), next.end());
  }
  return orders;
}

}  // namespace gridlock
