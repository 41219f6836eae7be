// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "record/run_record.h"
#include "workload/workload_run.h"

namespace gridlock {

/// Adds what one node's program has counted to the workload's record.
void count_work(WorkloadRecord& entry, const WorkloadRun::NodeState& state);

/// What a program that has ended found or did that it should not have: bad data, short transfers,
/// I/O errors, a signal. Throws Error if it did no work at all, which is no kernel's doing.
std::vector<FindingRecord> work_findings(const WorkloadRecord& entry,
                                         const WorkloadRun::NodeState& state);

}  // namespace gridlock
