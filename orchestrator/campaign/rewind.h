// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "campaign/installation.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "plan/plan.h"
#include "record/run_record.h"

namespace gridlock {

/// Which lab to go back to, and what to do with it.
struct RewindOptions {
  int trial = 0;          ///< its number; 0: the last one that failed, else the last
  int back = 0;           ///< checkpoints before the last one
  bool go = false;        ///< the nodes go on from there; else they stay paused
  Milliseconds limit{0};  ///< how long the lab is held
};

/// The trial a person means. Throws UsageError if there is none.
const TrialRecord& trial_to_rewind(const RunRecord& run, const RewindOptions& options);

/// Brings the lab of a trial back as it was at its last checkpoint, or where it began if that was a
/// formed lab, and holds it until `limit` has passed, somebody releases it or `stop` is requested;
/// it can be looked at as the lab of a run (campaign/run_desk.h). `plan` is the run's,
/// for the trial's kernel. `tell` gets lines: where the lab stands, how to reach its nodes, and
/// what their kernels report if they go on. Throws UsageError if there is nothing to go back to,
/// Error if the lab does not come up. Leaves no process and no file.
void rewind(const Plan& plan, const TrialRecord& trial, const std::filesystem::path& run,
            const RewindOptions& options, const Installation& installation, const HostFacts& host,
            CommandRunner& runner, Progress& progress, EventLoop& loop, std::stop_token stop,
            const std::function<void(const std::string&)>& tell);

}  // namespace gridlock
