// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

namespace gridlock {

/// When a trial failed, or how long it was watched without.
struct TimeToFailure {
  double seconds = 0;   ///< finite and at least 0
  bool failed = false;  ///< else it was still well then
};

/// A step of a Kaplan-Meier curve: from `seconds` on, so many of the trials are still well.
struct SurvivalStep {
  double seconds = 0;
  double share = 1;  ///< from 0 to 1
  int at_risk = 0;   ///< trials that were watched until then
};
/// The curve begins with all trials at 0 s; a step follows wherever trials failed. Empty without
/// trials. A trial that was watched until the moment another failed was at risk then.
/// Source: E. L. Kaplan, P. Meier, Journal of the American Statistical Association 53 (1958).
std::vector<SurvivalStep> survival(std::vector<TimeToFailure> trials);

/// The log-rank test that both have the same times to failure, two-sided; 1 where nobody failed or
/// a side is empty. By chi squared of one degree, which below twenty trials a side is a guide (at 5
/// % it errs in up to 7 % of cases); what decides is Fisher's test of the counts. Source: N.
/// Mantel, Cancer Chemotherapy Reports 50 (1966).
double log_rank_p(const std::vector<TimeToFailure>& base, const std::vector<TimeToFailure>& head);

}  // namespace gridlock
