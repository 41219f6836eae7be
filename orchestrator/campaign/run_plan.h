// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "campaign/installation.h"
#include "campaign/run_book.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "plan/plan.h"
#include "record/run_record.h"
#include "trial/desk.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// Runs the plan's trials one after another, in labs of their own or in shared ones as the plan
/// says, and keeps everything under `installation.results`. `command` is how a person repeats it.
/// What breaks on our side is in the record (outcome error); only a results directory that cannot
/// be written, and bugs, come out as exceptions. Leaves no process, socket or scratch file. While
/// it runs its labs may be looked at, and are held as `hold` says (campaign/run_desk.h).
RunResult run_plan(const Plan& plan, const Installation& installation, const HostFacts& host,
                   const std::string& command, CommandRunner& runner, Progress& progress,
                   TrialObserver& observer, EventLoop& loop, std::stop_token stop,
                   const HoldOptions& hold = {});

}  // namespace gridlock
