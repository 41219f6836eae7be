// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "compare/rate.h"
#include "record/run_record.h"

namespace gridlock {

/// One identity in the trials of a hunt.
struct HuntedFinding {
  std::string identity;
  std::string title;
  bool known = false;
  Rate rate;                         ///< of trials that had it
  int first_trial = 0;               ///< its number
  double first_at = 0;               ///< seconds since the hunt began
  std::vector<std::string> folders;  ///< of trials that were kept, in order
};

/// What a hunt came to.
struct HuntTally {
  Rate failing;         ///< trials that failed, of those with a verdict
  int errors = 0;       ///< trials that gave none
  double first_at = 0;  ///< seconds since the hunt began; of the first trial that failed
  int first_trial = 0;  ///< 0: none failed
  /// Without consequences of others; first what is not known, and of that the most frequent.
  std::vector<HuntedFinding> findings;
};

/// Counts the trials of a hunt. Of a run that is none, times count from its start.
HuntTally tally(const RunRecord& run);

}  // namespace gridlock
