// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

#include "record/run_record.h"
#include "record/run_writer.h"
#include "trial/lab.h"
#include "trial/shared_lab.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// One trial from its first step to its last. What the kernel did is in the record; so is what
/// broke on our side (outcome error). Without `shared` its lab is its own and nothing runs when it
/// returns. With it, the trial goes on in the lab that is there, and leaves its lab to the next one
/// if the plan has them share and nothing happened to it. Only bugs of Gridlock and a results
/// directory that cannot be written come out as exceptions.
TrialRecord run_trial(const LabSetting& setting, const PlannedTrial& trial,
                      const NodeSource& source, TrialWriter& writer, TrialObserver& observer,
                      std::stop_token stop, SharedLab* shared = nullptr);

}  // namespace gridlock
