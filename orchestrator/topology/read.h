// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "topology/document.h"
#include "topology/mistakes.h"
#include "topology/section.h"
#include "topology/topology.h"

namespace gridlock {

/// `workloads:`; `node_count` is how many nodes there are, and relative paths are relative to
/// `folder`.
std::vector<WorkloadSpec> read_workloads(const DocNode& node, int node_count,
                                         const std::filesystem::path& folder, Mistakes& mistakes);

/// One workload, without its program and duration.
MmapDioSpec read_mmap_dio(const Section& section, int node_count, Mistakes& mistakes);
ExecSpec read_exec(const Section& section, const std::filesystem::path& folder,
                   Mistakes& mistakes);

/// `nodes:`, with a name for each. `kernels` is what is written as such, or null: nodes may run one
/// of these.
NodesSpec read_nodes(const Section& section, const DocNode* kernels, Mistakes& mistakes);

/// `trials:`; null if it is not written. `topology` has all that stands above it.
std::vector<TrialSpec> read_trials(const DocNode* node, const Topology& topology,
                                   Mistakes& mistakes);

/// `faults:` of a trial, whose workloads are known and take `work` together; null if it is not
/// written. By their time.
std::vector<FaultSpec> read_faults(const DocNode* node, const Topology& topology, Milliseconds work,
                                   Mistakes& mistakes);

/// `kernels:`, with `from` resolved. Relative paths are relative to `folder`.
std::vector<KernelSpec> read_kernels(const DocNode& node, const std::filesystem::path& folder,
                                     const std::vector<TrialSpec>& trials, Mistakes& mistakes);

/// The options of a fio job. Sets `workload.duration` to a `runtime` among them; `duration_written`
/// says whether the workload has a duration of its own.
void read_fio_jobs(const DocNode& node, bool duration_written, WorkloadSpec& workload,
                   Mistakes& mistakes);

}  // namespace gridlock
