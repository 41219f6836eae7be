// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "campaign/run_book.h"
#include "cli/console_progress.h"
#include "cli/context.h"

namespace gridlock {

/// Prints what a run came to, as the person wants it, and returns the exit code.
int show_run(const RunResult& result, ConsoleProgress& progress, const Context& context);

}  // namespace gridlock
