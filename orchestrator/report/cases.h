// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// How a case came out, in the words that the formats of test results share.
enum class CaseResult {
  passed,
  failed,         ///< the tested kernel's fault
  known_failure,  ///< likewise, and expected, or of the base of a comparison
  broken,         ///< Gridlock's or the host's fault: no verdict
  skipped,        ///< not judged, or not answered
};

/// What a format of test results calls a case: a trial, or a question that a comparison asks.
struct ResultCase {
  std::string name;  ///< unique in its group; printable, at most kLongestCaseName bytes or so
  CaseResult result = CaseResult::passed;
  std::string type;        ///< of what is no success, a word: "deadlock", "harness", "inconclusive"
  std::string message;     ///< one line: why; of what passed perhaps empty
  bool timed_out = false;  ///< it failed because nothing moved any more
  double seconds = 0;
  UtcTime started{};
  const TrialRecord* trial = nullptr;  ///< borrowed from the run; absent: a question
};

/// Cases of one kernel, or of a comparison.
struct CaseGroup {
  std::string name;                      ///< printable: the kernel's, or "HEAD against BASE"
  const KernelRecord* kernel = nullptr;  ///< borrowed from the run; absent: a comparison
  std::vector<ResultCase> cases;
};

/// Everything `run` has to say as cases: its trials by kernel, in the order of kernels_in_order();
/// of a comparison also what was asked: completion, throughput, each finding, base against itself.
/// Borrows from `run`.
std::vector<CaseGroup> cases_of(const RunRecord& run);

/// What `trial` leaves for a log: its findings with what the kernel printed, printable lines, at
/// most `limit` bytes. Empty if it has none.
std::string log_of(const TrialRecord& trial, std::size_t limit);

}  // namespace gridlock
