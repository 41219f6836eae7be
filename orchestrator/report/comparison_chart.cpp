// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison_chart.h"

#include <algorithm>

#include "base/text.h"
#include "report/html_parts.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestName = 60;
constexpr std::size_t kMostPairs = 400;

double longest(const std::vector<TimeToFailure>& times) {
  double end = 0;
  for (const TimeToFailure& time : times) end = std::max(end, time.seconds);
  return end;
}

Json step(double seconds, double share, int at_risk) {
  return {{"seconds", rounded(seconds)}, {"share", rounded(share, 1e-4)}, {"at_risk", at_risk}};
}

Json curve(const std::vector<SurvivalStep>& steps, const std::vector<TimeToFailure>& times) {
  Json out = Json::array();
  if (times.empty()) return out;
  out.push_back(step(0, 1, static_cast<int>(times.size())));
  for (const SurvivalStep& each : steps)
    out.push_back(step(each.seconds, each.share, each.at_risk));
  const double end = longest(times);
  const double share = steps.empty() ? 1 : steps.back().share;
  if (steps.empty() || steps.back().seconds < end) {
    const auto watched = std::count_if(
        times.begin(), times.end(), [&](const TimeToFailure& time) { return time.seconds >= end; });
    out.push_back(step(end, share, static_cast<int>(watched)));
  }
  return out;
}

}  // namespace

Json pairs_chart(const Comparison& comparison, const ThroughputComparison& workload) {
  Json pairs = Json::array();
  for (std::size_t i = 0; i < workload.points.size() && i < kMostPairs; ++i) {
    const PairPoint& point = workload.points[i];
    pairs.push_back({{"place", i + 1},
                     {"number", point.pair},
                     {"order", (point.head_first ? printable(comparison.head, kLongestName)
                                                 : printable(comparison.base, kLongestName)) +
                                   " first"},
                     {"base", rounded(point.base_rate)},
                     {"head", rounded(point.head_rate)}});
  }
  return {{"base", printable(comparison.base, kLongestName)},
          {"head", printable(comparison.head, kLongestName)},
          {"unit", "operations/s"},
          {"pairs", std::move(pairs)}};
}

Json survival_chart(const Comparison& comparison, const TrialComparison& trial) {
  return {{"base_name", printable(comparison.base, kLongestName)},
          {"head_name", printable(comparison.head, kLongestName)},
          {"end", rounded(std::max(longest(trial.base_times), longest(trial.head_times)))},
          {"base", curve(trial.base_survival, trial.base_times)},
          {"head", curve(trial.head_survival, trial.head_times)}};
}

}  // namespace gridlock
