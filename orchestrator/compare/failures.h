// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "compare/rate.h"
#include "compare/survival.h"

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
std::string_view to_string(FailureVerdict verdict);  ///< "fixed", "more often", …

struct FailureComparison {
  Rate base;
  Rate head;
  double p = 1;  ///< Fisher's, two-sided
  FailureVerdict verdict = FailureVerdict::inconclusive;
};

/// `alpha` is the level of Fisher's test. Counts that are none are a mistake of the caller.
FailureComparison compare_failures(int base_failed, int base_trials, int head_failed,
                                   int head_trials, double alpha = 0.05);

/// "0/12 (below 22 %)", "12/12 (above 78 %)", "3/12 (25 %, 5.5-57 %)", "no trial". More
/// digits near 0 and 100 %, so that neither is shown for a bound that is not.
std::string rate_text(const Rate& rate);

/// What is to be said of one finding.
enum class FindingVerdict {
  fixed,          ///< base only, significantly
  not_seen,       ///< base only, but head may have been lucky
  added,          ///< head only: one is enough
  still_present,  ///< both, no significant difference
  rate_changed,   ///< both, significantly
  not_observable  ///< a side has no trial whose detector was alive, or neither has seen it
};
std::string_view to_string(FindingVerdict verdict);  ///< "fixed", "not seen on head", "new", …
/// `…_observed` counts the trials whose detector was alive until this finding or until their end,
/// and so at least those in which it was seen.
FindingVerdict judge_finding(int base_seen, int base_observed, int head_seen, int head_observed,
                             double alpha = 0.05);

/// The smallest number of trials of each kernel with which Fisher's test at 0.05 shows a difference
/// with `power` (above 0, below 1), if base fails at `base_rate` and head never does. At most
/// 10 000, then that.
int trials_needed(double base_rate, double power);

}  // namespace gridlock
