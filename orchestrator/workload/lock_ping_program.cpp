// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/words.h"
#include "workload/node_programs.h"
#include "workload/work_lines.h"

namespace gridlock {

NodeProgram lock_ping_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                              std::uint64_t seed, const WorkRing& ring) {
  const LockPingSpec& spec = *workload.lock_ping;
  Options options{
      {"--dir", workload_folder(plan, workload)},
      {"--node", std::to_string(node.number)},
      {"--nodes", std::to_string(plan.nodes.size())},
      {"--seed", std::to_string(seed)},
      {"--locks", std::to_string(spec.locks)},
      {"--data", word_of(spec.data)},
      {"--processes", std::to_string(spec.processes)},
      {"--duration-ms", std::to_string(workload.duration.count())},
      {"--sample-ms", std::to_string(kSampleMs)},
  };
  add_ring(options, ring);
  const auto phase = [&](const std::string& name) { return action_of("lock-ping", name, options); };
  NodeProgram program;
  program.prepare = phase("prepare");
  program.run = phase("run");
  program.verify = phase("verify");
  program.reader = std::make_unique<WorkLineReader>();
  return program;
}

}  // namespace gridlock
