// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/comparison.h"
#include "report/text.h"

namespace gridlock {

/// What a comparison says, for a terminal, report.txt and the reply to a mailing list: at most 76
/// columns, the result first, then the table, the findings, and what a reader needs to trust it.
/// `command` repeats it; `where` is the path printed for the results.
std::string comparison_text(const Comparison& comparison, const std::string& command,
                            const std::string& where, Colour colour);

}  // namespace gridlock
