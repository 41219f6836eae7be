// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guest/agent.h"
#include "plan/plan.h"
#include "workload/node_file.h"
#include "workload/sample_reader.h"

namespace gridlock {

/// One workload as the programs that do it on one node.
struct NodeProgram {
  std::vector<NodeFile> files;  ///< put on the node first, on all nodes alike
  std::optional<Job> folders;   ///< makes folders; all nodes end before any prepares
  std::optional<Job> prepare;   ///< makes the files; all nodes end before any node starts
  Job run;
  std::optional<Job> verify;             ///< checks what another node wrote
  std::unique_ptr<SampleReader> reader;  ///< of the run's standard output
  std::vector<int> success{0};           ///< exit statuses of the run that mean it went well
  bool judged_by_status = false;         ///< they say all: it need not print samples nor a result
};

/// The folder of a workload's files on the shared file system.
std::string workload_folder(const Plan& plan, const WorkloadSpec& workload);

/// What `workload` does, for the record: "read" or "write", or fio's `rw` as the job spells it,
/// with its default "read" (fio(1), readwrite=str).
std::string operation_of(const WorkloadSpec& workload);

/// "mmap-dio", "fio", "lock-ping" or "exec".
std::string program_of(const WorkloadSpec& workload);

/// Who works together.
struct WorkRing {
  std::vector<NodeId> nodes = {};       ///< those that began it, in order; empty: all of the plan
  std::set<NodeId> mortal = {};         ///< those of them that are killed meanwhile: what only they
                                        ///< know is not asserted
  std::optional<NodeId> looks_at = {};  ///< whose data is verified; absent: the next node's
};

/// The programs of `workload` on `node`. The seed is the trial's.
NodeProgram node_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                         std::uint64_t seed, const WorkRing& ring = {});

}  // namespace gridlock
