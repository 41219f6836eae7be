// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compare/rate.h"

namespace gridlock {

/// What is to be said of how often trials fail on base and head.
enum class FailureVerdict {
  fixed,        ///< base failed, head never did, and that is no chance
  rarer,        ///< both fail, head significantly less
  same,         ///< nobody failed, or both do with no significant difference
  more_often,   ///< both fail, head significantly more
  broken,       ///< head fails, base never did, and that is no chance
  inconclusive  ///< one side failed only, but chance may explain it; or a side has no trials
};
std::string_view to_string(FailureVerdict verdict);

struct FailureComparison {
  Rate base;
  Rate head;
  double p = 1;  ///< Fisher's, two-sided
  FailureVerdict verdict = FailureVerdict::inconclusive;
};

/// `alpha` is the level of Fisher's test.
FailureComparison compare_failures(int base_failed, int base_trials, int head_failed,
                                   int head_trials, double alpha = 0.05);

/// "0/12 (below 22 %)", "12/12 (above 78 %)", "3/12 (25 %, 5.5-57 %)", "no trial".
std::string rate_text(const Rate& rate);

/// What is to be said of one finding. A trial counts only if its detector was alive.
enum class FindingVerdict {
  fixed,           ///< base only, significantly
  not_seen,        ///< base only, but head may have been lucky
  added,           ///< head only: one is enough
  still_present,   ///< both, no significant difference
  rate_changed,    ///< both, significantly
  not_observable,  ///< a side has no trial whose detector was alive
};
std::string_view to_string(FindingVerdict verdict);  ///< "fixed", "not seen on head", "new", …
FindingVerdict judge_finding(int base_seen, int base_observed, int head_seen, int head_observed,
                             double alpha = 0.05);

/// When a trial failed, or how long it was watched without.
struct TimeToFailure {
  double seconds = 0;
  bool failed = false;  ///< else it was still well then
};

/// A step of a Kaplan-Meier curve: from `seconds` on, so many of the trials are still well.
struct SurvivalStep {
  double seconds = 0;
  double share = 1;  ///< from 0 to 1
  int at_risk = 0;   ///< trials that were watched until then
};
/// Source: E. L. Kaplan, P. Meier, Journal of the American Statistical Association 53 (1958).
std::vector<SurvivalStep> survival(std::vector<TimeToFailure> trials);
/// The log-rank test that both have the same times to failure, two-sided; 1 where nobody failed or a
/// side is empty. Source: N. Mantel, Cancer Chemotherapy Reports 50 (1966).
double log_rank_p(const std::vector<TimeToFailure>& base, const std::vector<TimeToFailure>& head);

/// The smallest number of trials of each kernel with which a difference is significant (Fisher, 5 %)
/// with `power`, if base fails at `base_rate` and head never does. At most 10 000, then that.
int trials_needed(double base_rate, double power);

}  // namespace gridlock
