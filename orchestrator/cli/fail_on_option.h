// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <string>

#include "report/comparison_exit.h"

namespace CLI {
class App;
}

namespace gridlock {

/// The option --fail-on of a verb, written to `text`.
void add_fail_on(CLI::App& verb, std::string& text);

/// What was written, or everything. Throws UsageError with the words there are.
std::set<FailOn> fail_on_option(const std::string& text);

}  // namespace gridlock
