// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

enum class Colour { off, on };

/// The summary a person reads at the end of a run and as report.txt: trials by kernel, findings
/// fixed, new and in both (for two kernels), what was unexpected, and what the reader needs to
/// trust it. Of a comparison: comparison_text(). `where` is the path printed for the results.
std::string text_report(const RunRecord& run, const std::string& where, Colour colour);

/// One line per run for `gridlock list`.
std::string text_list(const std::vector<RunRecord>& runs, Colour colour);

}  // namespace gridlock
