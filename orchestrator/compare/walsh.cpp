// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/walsh.h"

#include <algorithm>
#include <bit>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostExact = 100;

/// Numbers the doubles in their order, so that halving a range of numbers ends at one double.
std::int64_t number_of(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

double with_number(std::int64_t number) {
  return std::bit_cast<double>(number >= 0 ? number
                                           : std::numeric_limits<std::int64_t>::min() - number);
}

std::int64_t exact_bound(std::size_t values, double error) {
  // Probability of each sum of the ranks that are given a plus sign by as many fair coins.
  std::vector<double> sums(values * (values + 1) / 2 + 1, 0.0);
  sums[0] = 1;
  std::size_t most = 0;
  for (std::size_t rank = 1; rank <= values; ++rank) {
    most += rank;
    for (std::size_t sum = most + 1; sum-- > 0;)
      sums[sum] = (sums[sum] + (sum >= rank ? sums[sum - rank] : 0)) / 2;
  }
  double below = 0;
  std::int64_t bound = 0;
  for (const double probability : sums) {
    below += probability;
    if (2 * below > error) break;
    ++bound;
  }
  return bound;
}

std::int64_t approximate_bound(std::size_t values, double error) {
  const auto n = static_cast<double>(values);
  const double mean = n * (n + 1) / 4;
  const double deviation = std::sqrt(n * (n + 1) * (2 * n + 1) / 24);
  const double quantile = boost::math::quantile(boost::math::normal(), error / 2);
  return static_cast<std::int64_t>(std::floor(mean + quantile * deviation - 0.5)) + 1;
}

}  // namespace

WalshAverages::WalshAverages(std::vector<double> values) : sorted_(std::move(values)) {
  GRIDLOCK_CHECK(!sorted_.empty(), "averages of something");
  std::sort(sorted_.begin(), sorted_.end());
}

std::int64_t WalshAverages::count() const {
  const auto n = static_cast<std::int64_t>(sorted_.size());
  return n * (n + 1) / 2;
}

std::int64_t WalshAverages::sums_up_to(double sum) const {
  std::int64_t count = 0;
  std::size_t end = sorted_.size();
  for (std::size_t i = 0; i < end; ++i) {
    while (end > i && sorted_[i] + sorted_[end - 1] > sum) --end;
    count += static_cast<std::int64_t>(end - i);
  }
  return count;
}

double WalshAverages::ranked(std::int64_t rank) const {
  GRIDLOCK_CHECK(rank >= 1 && rank <= count(), "a rank of the averages");
  std::int64_t low = number_of(sorted_.front() + sorted_.front());
  std::int64_t high = number_of(sorted_.back() + sorted_.back());
  while (low < high) {
    const std::int64_t middle = std::midpoint(low, high);
    if (sums_up_to(with_number(middle)) >= rank)
      high = middle;
    else
      low = middle + 1;
  }
  return with_number(low) / 2;
}

double WalshAverages::median() const {
  const std::int64_t all = count();
  const double upper = ranked(all / 2 + 1);
  return all % 2 == 1 ? upper : std::midpoint(ranked(all / 2), upper);
}

std::int64_t signed_rank_bound(std::size_t values, double error) {
  return values <= kMostExact ? exact_bound(values, error) : approximate_bound(values, error);
}

}  // namespace gridlock
