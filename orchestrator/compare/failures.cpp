// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr double kAlpha = 0.05;
constexpr int kMostTrials = 10'000;

/// A share in percent without its sign: digits as far as they tell it from 0 and from all.
std::string percent(double share) {
  const double value = 100 * share;
  const double from_end = std::min(value, 100 - value);
  if (from_end == 0 || from_end >= 9.95) return fmt::format("{:.0f}", value);
  return from_end >= 0.095 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

/// Fisher's p of 0 in `trials` against `failed` in as many: the table and its mirror image are the
/// least likely ones, each C(trials, failed) / C(2 trials, failed).
double chance_of_never(int failed, int trials) {
  if (failed == 0) return 1;
  double chance = 2;
  for (int i = 0; i < failed; ++i) chance *= static_cast<double>(trials - i) / (2.0 * trials - i);
  return chance;
}

FailureVerdict verdict_on(const FailureComparison& seen, double alpha) {
  if (seen.base.trials == 0 || seen.head.trials == 0) return FailureVerdict::inconclusive;
  const bool differs = seen.p < alpha;
  const bool on_base = seen.base.count > 0;
  const bool on_head = seen.head.count > 0;
  if (on_base && on_head) {
    if (!differs) return FailureVerdict::same;
    return seen.head.value() < seen.base.value() ? FailureVerdict::rarer
                                                 : FailureVerdict::more_often;
  }
  if (!on_base && !on_head) return FailureVerdict::same;
  if (!differs) return FailureVerdict::inconclusive;
  return on_base ? FailureVerdict::fixed : FailureVerdict::broken;
}

}  // namespace

std::string_view to_string(FailureVerdict verdict) {
  switch (verdict) {
    case FailureVerdict::fixed:
      return "fixed";
    case FailureVerdict::rarer:
      return "rarer";
    case FailureVerdict::same:
      return "same";
    case FailureVerdict::more_often:
      return "more often";
    case FailureVerdict::broken:
      return "broken";
    case FailureVerdict::inconclusive:
      return "inconclusive";
  }
  return "?";
}

FailureComparison compare_failures(int base_failed, int base_trials, int head_failed,
                                   int head_trials, double alpha) {
  FailureComparison comparison;
  comparison.base = exact_rate(base_failed, base_trials);
  comparison.head = exact_rate(head_failed, head_trials);
  comparison.p = fisher_exact(base_failed, base_trials, head_failed, head_trials);
  comparison.verdict = verdict_on(comparison, alpha);
  return comparison;
}

std::string rate_text(const Rate& rate) {
  if (rate.trials == 0) return "no trial";
  const std::string counts = fmt::format("{}/{}", rate.count, rate.trials);
  if (rate.count == 0) return fmt::format("{} (below {} %)", counts, percent(rate.high));
  if (rate.count == rate.trials) return fmt::format("{} (above {} %)", counts, percent(rate.low));
  return fmt::format("{} ({} %, {}-{} %)", counts, percent(rate.value()), percent(rate.low),
                     percent(rate.high));
}

std::string_view to_string(FindingVerdict verdict) {
  switch (verdict) {
    case FindingVerdict::fixed:
      return "fixed";
    case FindingVerdict::not_seen:
      return "not seen on head";
    case FindingVerdict::added:
      return "new";
    case FindingVerdict::still_present:
      return "still present";
    case FindingVerdict::rate_changed:
      return "rate changed";
    case FindingVerdict::not_observable:
      return "not observable";
  }
  return "?";
}

FindingVerdict judge_finding(int base_seen, int base_observed, int head_seen, int head_observed,
                             double alpha) {
  const bool differs = fisher_exact(base_seen, base_observed, head_seen, head_observed) < alpha;
  if (base_observed == 0 || head_observed == 0 || (base_seen == 0 && head_seen == 0))
    return FindingVerdict::not_observable;
  if (base_seen == 0) return FindingVerdict::added;
  if (head_seen == 0) return differs ? FindingVerdict::fixed : FindingVerdict::not_seen;
  return differs ? FindingVerdict::rate_changed : FindingVerdict::still_present;
}

int trials_needed(double base_rate, double power) {
  GRIDLOCK_CHECK(base_rate >= 0 && base_rate <= 1 && power > 0 && power < 1, "a rate and a power");
  using Binomial = boost::math::binomial_distribution<double>;
  int least = 1;  // failures of base that are no chance; it never falls with more trials
  for (int trials = 1; trials < kMostTrials; ++trials) {
    while (least <= trials && chance_of_never(least, trials) >= kAlpha) ++least;
    if (least > trials) continue;
    const Binomial failures(trials, base_rate);
    if (boost::math::cdf(boost::math::complement(failures, least - 1)) >= power) return trials;
  }
  return kMostTrials;
}

}  // namespace gridlock
