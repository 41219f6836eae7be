// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <string_view>

#include "report/comparison.h"

namespace gridlock {

/// What makes `gridlock compare` fail.
enum class FailOn { worse, new_finding, inconclusive };

/// All of them: what counts if nothing else was asked for.
const std::set<FailOn>& fail_on_everything();

/// Reads "worse,new-finding,inconclusive" or a part of it; "none" is the empty set. Throws
/// UsageError with what it may be.
std::set<FailOn> parse_fail_on(std::string_view text);

/// 0: nothing of `fail_on` happened · 1: worse, or a new finding · 4: inconclusive · 3: the run
/// broke · 130: it was interrupted.
int exit_code_of(const Comparison& comparison, const std::set<FailOn>& fail_on);

/// For `git bisect run`: 0: head is good · 1: head is bad, that is worse or with a new finding ·
/// 125: cannot be told, try another commit · 130: interrupted, which ends the bisection.
int bisect_answer(const Comparison& comparison);

}  // namespace gridlock
