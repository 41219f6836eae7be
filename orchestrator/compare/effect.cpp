// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/effect.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>

#include "base/error.h"
#include "compare/walsh.h"

namespace gridlock {
namespace {

/// Below, the intervals of some noise families do not cover, and a deviation is hardly known.
constexpr std::size_t kLeastPairs = 4;
constexpr std::size_t kLeastForDetectable = 3;
/// A ratio beyond e^100 is no throughput; up to it, every figure of an Effect is finite.
constexpr double kMostLogRatio = 100;
constexpr double kError = 0.05;
constexpr double kPower = 0.80;
/// In errors of the mean. Without outliers the two estimates are further apart in 2 % of cases (12
/// pairs); with one pair ten deviations away in three of four.
constexpr double kOutlierDistance = 0.7;
/// Log ratios that differ by less do so by rounding.
constexpr double kRounding = 1e-9;

struct Moments {
  std::size_t pairs = 0;
  double mean = 0;
  double deviation = 0;
  double error() const { return deviation / std::sqrt(static_cast<double>(pairs)); }
};

bool answerable(const std::vector<double>& log_ratios) {
  return std::ranges::all_of(log_ratios,
                             [](double ratio) { return std::abs(ratio) <= kMostLogRatio; });
}

/// Of at least one pair.
Moments moments_of(const std::vector<double>& log_ratios) {
  Moments moments{log_ratios.size()};
  const auto pairs = static_cast<double>(log_ratios.size());
  // The mean of the distances from the first is exact where all are equal.
  double sum = 0;
  for (const double ratio : log_ratios) sum += ratio - log_ratios.front();
  moments.mean = log_ratios.front() + sum / pairs;
  if (log_ratios.size() < 2) return moments;
  double squares = 0;
  for (const double ratio : log_ratios) squares += (ratio - moments.mean) * (ratio - moments.mean);
  moments.deviation = std::sqrt(squares / (pairs - 1));
  return moments;
}

boost::math::students_t student(std::size_t pairs) {
  return boost::math::students_t(static_cast<double>(pairs - 1));
}

/// Half the width of the two-sided interval of the mean log ratio that misses it in `error` of
/// cases.
double half_width(const Moments& moments, double error) {
  return boost::math::quantile(student(moments.pairs), 1 - error / 2) * moments.error();
}

Interval as_ratios(double low, double high) { return {std::expm1(low), std::expm1(high)}; }

void add_hodges_lehmann(const std::vector<double>& log_ratios, const Moments& moments,
                        Effect& effect) {
  const std::int64_t bound = signed_rank_bound(log_ratios.size(), kError);
  if (bound == 0) return;
  const WalshAverages averages(log_ratios);
  const double median = averages.median();
  effect.hodges_lehmann = std::expm1(median);
  effect.hodges_lehmann_interval =
      as_ratios(averages.ranked(bound), averages.ranked(averages.count() + 1 - bound));
  effect.driven_by_outliers =
      std::abs(median - moments.mean) > kOutlierDistance * moments.error() + kRounding;
}

}  // namespace

std::string_view to_string(EffectVerdict verdict) {
  switch (verdict) {
    case EffectVerdict::better:
      return "better";
    case EffectVerdict::worse:
      return "worse";
    case EffectVerdict::no_difference:
      return "no difference";
    case EffectVerdict::inconclusive:
      return "inconclusive";
  }
  return "?";
}

Effect effect_of(const std::vector<double>& log_ratios) {
  Effect effect;
  effect.pairs = static_cast<int>(log_ratios.size());
  if (log_ratios.empty() || !answerable(log_ratios)) return effect;
  const Moments moments = moments_of(log_ratios);
  effect.ratio = std::expm1(moments.mean);
  effect.deviation = moments.deviation;
  if (moments.pairs >= kLeastForDetectable) {
    const auto t = student(moments.pairs);
    effect.detectable =
        std::expm1((boost::math::quantile(t, 1 - kError / 2) + boost::math::quantile(t, kPower)) *
                   moments.error());
  }
  if (moments.pairs < kLeastPairs) return effect;
  const double half = half_width(moments, kError);
  effect.interval = as_ratios(moments.mean - half, moments.mean + half);
  add_hodges_lehmann(log_ratios, moments, effect);
  return effect;
}

EffectVerdict judge_effect(const std::vector<double>& log_ratios, const EffectQuestion& question) {
  GRIDLOCK_CHECK(question.margin >= 0, "a margin");
  GRIDLOCK_CHECK(question.alpha > 0 && question.alpha < 0.5, "the level of a test");
  if (log_ratios.size() < kLeastPairs || !answerable(log_ratios))
    return EffectVerdict::inconclusive;
  const Moments moments = moments_of(log_ratios);
  const double margin = std::log1p(question.margin);
  const double size = std::abs(moments.mean);
  if (size > half_width(moments, question.alpha) && size >= margin / 2)
    return (moments.mean > 0) == (question.better == Better::more) ? EffectVerdict::better
                                                                   : EffectVerdict::worse;
  if (size + half_width(moments, 2 * question.alpha) < margin) return EffectVerdict::no_difference;
  return EffectVerdict::inconclusive;
}

double paired_p(const std::vector<double>& log_ratios) {
  if (log_ratios.size() < 2 || !answerable(log_ratios)) return 1;
  const Moments moments = moments_of(log_ratios);
  const double size = std::abs(moments.mean);
  if (size == 0) return 1;
  if (moments.deviation == 0) return 0;
  return 2 *
         boost::math::cdf(boost::math::complement(student(moments.pairs), size / moments.error()));
}

PairsNeeded pairs_needed(double deviation, double margin, int most) {
  PairsNeeded needed;
  if (!(deviation >= 0) || !(margin > 0)) return needed;
  const double target = std::log1p(margin);
  // Both sums of quantiles fall with n, and so does the error of the mean.
  const auto least = [&](double first, double second) -> std::optional<int> {
    const auto enough = [&](int pairs) {
      const auto t = student(static_cast<std::size_t>(pairs));
      return (boost::math::quantile(t, first) + boost::math::quantile(t, second)) * deviation <=
             target * std::sqrt(static_cast<double>(pairs));
    };
    int low = static_cast<int>(kLeastPairs);
    if (most < low || !enough(most)) return std::nullopt;
    for (int high = most; low < high;) {
      const int middle = low + (high - low) / 2;
      if (enough(middle))
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  };
  needed.to_differ = least(1 - kError / 2, kPower);
  // Equality must pass on either side, so that each may be missed half as often.
  needed.to_equal = least(1 - kError, 1 - (1 - kPower) / 2);
  return needed;
}

std::optional<Fairness> fairness_of(const std::vector<double>& per_node) {
  if (per_node.empty()) return std::nullopt;
  const auto [least, most] = std::ranges::minmax(per_node);
  const bool rates =
      std::ranges::all_of(per_node, [](double rate) { return std::isfinite(rate) && rate >= 0; });
  if (!rates || most == 0) return std::nullopt;
  double sum = 0;
  double squares = 0;
  for (const double rate : per_node) {
    const double share = rate / most;  // so that squares do not overflow
    sum += share;
    squares += share * share;
  }
  return Fairness{least / most, sum * sum / (static_cast<double>(per_node.size()) * squares)};
}

}  // namespace gridlock
