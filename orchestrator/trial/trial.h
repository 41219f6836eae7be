// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

#include "record/run_record.h"
#include "record/run_writer.h"
#include "trial/lab.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// One life of a lab on one kernel, from power-on to power-off. What the kernel did is in the
/// record; so is what broke on our side (outcome error). Nothing runs when it returns. Only bugs of
/// Gridlock and a results directory that cannot be written come out as exceptions.
TrialRecord run_trial(const LabSetting& setting, const PlannedTrial& trial,
                      const NodeSource& source, TrialWriter& writer,
                      TrialObserver& observer, std::stop_token stop);

}  // namespace gridlock
