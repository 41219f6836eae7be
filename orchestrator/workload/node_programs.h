// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "workload/programs.h"

namespace gridlock {

// One function a program, each in a file of its own.
NodeProgram mmap_dio_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                             std::uint64_t seed, const WorkRing& ring);
NodeProgram fio_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                        std::uint64_t seed);
NodeProgram lock_ping_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                              std::uint64_t seed, const WorkRing& ring);
NodeProgram exec_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                         std::uint64_t seed);

/// A job with the PATH that programs on a node have.
Job job_of(std::vector<std::string> argv);

/// The options of a program of ours and their values.
using Options = std::vector<std::pair<std::string, std::string>>;

/// Adds what a ring says that is not so with every one.
void add_ring(Options& options, const WorkRing& ring);

/// One action of a program of ours.
Job action_of(const std::string& program, const std::string& action, const Options& options);

/// How often the programs of our own report.
constexpr int kSampleMs = 200;

}  // namespace gridlock
