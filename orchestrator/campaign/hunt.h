// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "campaign/installation.h"
#include "campaign/run_book.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "plan/plan.h"

namespace gridlock {

/// When a hunt is over, and what it may use.
struct HuntOptions {
  Milliseconds limit{0};  ///< no new trial after this; 0: no limit
  int until = 0;          ///< no new trial after so many failed; 0: any number
  int labs = 0;           ///< side by side; 0: as many as memory and processors allow
  int keep = 3;           ///< directories of so many trials of each identity are kept
};

/// Repeats the trials of a plan for one kernel, by turns, each with a seed of its own, in labs side
/// by side, until the options say it is enough; trials that have begun then come to their end, so
/// that long ones count like short ones. Counts what failed; keeps the directories of the first few
/// trials of each identity and the records of all. Throws what run_plan throws.
RunResult hunt(const Plan& plan, const HuntOptions& options, const Installation& installation,
               const HostFacts& host, const std::string& command, CommandRunner& runner,
               Progress& progress, EventLoop& loop, std::stop_token stop);

}  // namespace gridlock
