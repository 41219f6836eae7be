// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "plan/plan.h"
#include "record/run_record.h"
#include "trial/shared_lab.h"

namespace gridlock {

/// Runs one trial, in the lab that is shared with it or one of its own.
using RunTrial = std::function<TrialRecord(const PlannedTrial& trial, SharedLab& shared)>;

/// Runs trials one after another and hands the lab of each on to the next, if they may share it.
/// Ends after one that was interrupted; throws Cancelled if the stop is asked for between two. No
/// lab is left in either case.
void run_row(const std::vector<PlannedTrial>& trials, const RunTrial& run, std::stop_token stop);

}  // namespace gridlock
