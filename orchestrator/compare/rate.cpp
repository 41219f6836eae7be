// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/rate.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/hypergeometric.hpp>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr double kError = 0.05;
/// Tables as likely as the one seen count as such, whatever the last digits of the sums are.
constexpr double kSameLikelihood = 1e-7;

}  // namespace

Rate exact_rate(int count, int trials) {
  GRIDLOCK_CHECK(count >= 0 && count <= trials, "a count of trials");
  Rate rate{count, trials};
  if (trials == 0) return rate;
  using Binomial = boost::math::binomial_distribution<double>;
  const double error = count == 0 || count == trials ? kError : kError / 2;
  if (count > 0) rate.low = Binomial::find_lower_bound_on_p(trials, count, error);
  if (count < trials) rate.high = Binomial::find_upper_bound_on_p(trials, count, error);
  return rate;
}

double fisher_exact(int count_a, int trials_a, int count_b, int trials_b) {
  GRIDLOCK_CHECK(count_a >= 0 && count_a <= trials_a && count_b >= 0 && count_b <= trials_b,
                 "counts of trials");
  if (trials_a == 0 || trials_b == 0) return 1;
  const int count = count_a + count_b;
  const int trials = trials_a + trials_b;
  const boost::math::hypergeometric_distribution<double> tables(
      static_cast<unsigned>(count), static_cast<unsigned>(trials_a), static_cast<unsigned>(trials));
  const double seen = boost::math::pdf(tables, static_cast<unsigned>(count_a));
  double sum = 0;
  for (int k = std::max(0, count - trials_b); k <= std::min(count, trials_a); ++k) {
    const double likelihood = boost::math::pdf(tables, static_cast<unsigned>(k));
    if (likelihood <= seen * (1 + kSameLikelihood)) sum += likelihood;
  }
  return std::min(sum, 1.0);
}

}  // namespace gridlock
