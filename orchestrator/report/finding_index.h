// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// All occurrences of one identity in a run.
struct IndexedFinding {
  const FindingRecord* first = nullptr;  ///< of the run's record
  const TrialRecord* first_trial = nullptr;
  struct Seen {
    std::vector<int> trials;  ///< numbers
    std::set<std::string> nodes;
    int reports = 0;
  };
  std::map<std::string, Seen> kernels;  ///< by name
  bool known = true;                    ///< at every occurrence
  bool secondary = true;                ///< likewise
};

/// By identity, in the order of their first occurrences; those that judge a kernel come before
/// known ones and consequences. Borrows from `run`.
std::vector<IndexedFinding> index_findings(const RunRecord& run);

}  // namespace gridlock
