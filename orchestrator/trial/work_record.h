// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "record/run_record.h"
#include "workload/workload_run.h"

namespace gridlock {

/// How long the programs of `workload` may run: an exec's for its duration, others, which end by
/// themselves then, for a while longer.
Milliseconds work_limit(const WorkloadSpec& workload, const Plan& plan);

/// The file in a node's folder that the ordinary output of a workload's program is kept in.
std::string log_name(const WorkloadSpec& workload);

/// A line of samples.jsonl.
Json sample_line(double at, const std::string& workload, const std::string& node, const std::string& worker,
                 const WorkerState& state);

/// Adds what one node's program has counted to the workload's record.
void count_work(WorkloadRecord& entry, const WorkloadRun::NodeState& state);

/// Adds the figures of the steady window, of the nodes and their sum, or why there are none. After
/// count_work() of all nodes.
void count_steady(WorkloadRecord& entry, const WorkloadRun& run);

/// What a program that has ended found or did that it should not have: bad data, short transfers,
/// I/O errors, a signal, of an exec's program an exit status that does not mean success. Throws
/// Error if it did no work at all, which is no kernel's doing.
std::vector<FindingRecord> work_findings(const WorkloadRecord& entry,
                                         const WorkloadRun::NodeState& state);

/// What a check that has ended otherwise than with status 0 found. Throws Error if it could not
/// check.
FindingRecord verify_finding(const WorkloadRecord& entry, const JobResult& result);

}  // namespace gridlock
