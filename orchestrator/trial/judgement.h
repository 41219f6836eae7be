// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "record/run_record.h"
#include "trial/finding_log.h"

namespace gridlock {

/// How the course of a trial ended, apart from what the kernel did.
struct Course {
  std::string interrupted;  ///< what was under way when the user asked to stop; empty: nobody did
  std::string failure;      ///< what a step failed with; empty: none did
  std::string hint;         ///< what to look at
  bool host_broke = false;  ///< QEMU or a channel broke: no verdict, whatever else was seen
};

/// The record of a trial that begins now, in `directory`.
TrialRecord begin_record(const PlannedTrial& trial, Start start,
                         const std::filesystem::path& directory, UtcTime now);

/// Sets outcome, reason and `expected` of a trial and of its workloads from its findings, oracles
/// and workloads, which are in `record` already. A trial that looked at nothing has not passed.
void judge_trial(TrialRecord& record, const FindingLog& log, const Course& course);

}  // namespace gridlock
