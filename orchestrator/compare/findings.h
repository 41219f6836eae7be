// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace gridlock {

/// One finding of one kernel, as a comparison sees it.
struct SeenFinding {
  std::string identity;
  std::string title;
  bool complete = true;   ///< incomplete reports never count as fixed or new
  bool secondary = false;
};

/// A finding and in how many trials of each kernel it was seen.
struct ComparedFinding {
  std::string identity;
  std::string title;
  int base_trials = 0;
  int head_trials = 0;
};

/// Findings by identity: on base only, on head only, on both. Ordered by identity. Secondary ones
/// are left out. An incomplete report is never listed itself, but what it may be a piece of is not
/// called fixed or new: it is listed in both, with the trials in which it was whole.
struct FindingComparison {
  std::vector<ComparedFinding> fixed;
  std::vector<ComparedFinding> added;
  std::vector<ComparedFinding> in_both;
  int incomplete = 0;  ///< reports left out because they were not whole
};

/// Each element of `base` and `head` holds the findings of one trial.
FindingComparison compare_findings(const std::vector<std::vector<SeenFinding>>& base,
                                   const std::vector<std::vector<SeenFinding>>& head);

}  // namespace gridlock
