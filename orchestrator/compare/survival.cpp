// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/survival.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>

#include "base/error.h"

namespace gridlock {
namespace {

/// What happened at one moment.
struct Moment {
  int failed = 0;
  int left = 0;  ///< failed, or were not watched any longer
};

std::map<double, Moment> moments_of(const std::vector<TimeToFailure>& trials) {
  std::map<double, Moment> moments;
  for (const TimeToFailure& trial : trials) {
    GRIDLOCK_CHECK(std::isfinite(trial.seconds) && trial.seconds >= 0, "the time of a trial");
    Moment& moment = moments[trial.seconds];
    ++moment.left;
    if (trial.failed) ++moment.failed;
  }
  return moments;
}

}  // namespace

std::vector<SurvivalStep> survival(std::vector<TimeToFailure> trials) {
  std::vector<SurvivalStep> steps;
  if (trials.empty()) return steps;
  int at_risk = static_cast<int>(trials.size());
  double share = 1;
  steps.push_back({0, share, at_risk});
  for (const auto& [seconds, moment] : moments_of(trials)) {
    if (moment.failed > 0) {
      share *= 1 - static_cast<double>(moment.failed) / at_risk;
      steps.push_back({seconds, share, at_risk});
    }
    at_risk -= moment.left;
  }
  return steps;
}

double log_rank_p(const std::vector<TimeToFailure>& base, const std::vector<TimeToFailure>& head) {
  const auto of_base = moments_of(base);
  auto of_both = of_base;
  for (const auto& [seconds, moment] : moments_of(head)) {
    of_both[seconds].failed += moment.failed;
    of_both[seconds].left += moment.left;
  }
  auto base_at_risk = static_cast<double>(base.size());
  auto at_risk = base_at_risk + static_cast<double>(head.size());
  double surplus = 0;  // failures of base beyond those expected
  double variance = 0;
  for (const auto& [seconds, moment] : of_both) {
    const auto here = of_base.find(seconds);
    const Moment base_moment = here == of_base.end() ? Moment{} : here->second;
    const double failed = moment.failed;
    const double of_base_share = base_at_risk / at_risk;
    surplus += base_moment.failed - failed * of_base_share;
    if (at_risk > 1)
      variance += failed * of_base_share * (1 - of_base_share) * (at_risk - failed) / (at_risk - 1);
    base_at_risk -= base_moment.left;
    at_risk -= moment.left;
  }
  if (!(variance > 0)) return 1;
  return boost::math::cdf(
      boost::math::complement(boost::math::chi_squared(1.0), surplus * surplus / variance));
}

}  // namespace gridlock
