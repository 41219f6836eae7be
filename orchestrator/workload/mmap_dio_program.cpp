// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "topology/words.h"
#include "workload/node_programs.h"
#include "workload/work_lines.h"

namespace gridlock {
namespace {

/// Where mmap-dio hears, on the fabric, what other nodes wrote. UDP.
constexpr int kTellingPort = 21101;

std::string peers_of(const Plan& plan) {
  std::string peers;
  for (const PlannedNode& node : plan.nodes)
    peers += fmt::format("{}{}:{}", peers.empty() ? "" : ",", node.address, kTellingPort);
  return peers;
}

}  // namespace

NodeProgram mmap_dio_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                             std::uint64_t seed, const WorkRing& ring) {
  const MmapDioSpec& spec = *workload.mmap_dio;
  Options options{
      {"--dir", workload_folder(plan, workload)},
      {"--node", std::to_string(node.number)},
      {"--nodes", std::to_string(plan.nodes.size())},
      {"--seed", std::to_string(seed)},
      {"--operation", word_of(spec.operation)},
      {"--direction", word_of(spec.direction)},
      {"--access", word_of(spec.access)},
      {"--buffer", word_of(spec.buffer)},
      {"--mapping", word_of(spec.mapping)},
      {"--resident", word_of(spec.resident)},
      {"--eviction", word_of(spec.eviction)},
      {"--alignment", word_of(spec.alignment)},
      {"--state", word_of(spec.state)},
      {"--fsync", word_of(spec.fsync)},
      {"--transfer", std::to_string(spec.transfer.count)},
      {"--file-size", std::to_string(spec.file_size.count)},
      {"--processes", std::to_string(spec.processes)},
      {"--threads", std::to_string(spec.threads)},
      {"--disturb", words_of(spec.disturb, ",")},
      {"--observe", words_of(spec.observe, ",")},
      {"--inject", word_of(spec.inject)},
      {"--duration-ms", std::to_string(workload.duration.count())},
      {"--sample-ms", std::to_string(kSampleMs)},
      {"--peers", peers_of(plan)},
      {"--glock-table", plan.lock_table},
      {"--drop-caches", "yes"},
  };
  add_ring(options, ring);
  const auto phase = [&](const std::string& name) { return action_of("mmap-dio", name, options); };
  NodeProgram program;
  program.prepare = phase("prepare");
  program.run = phase("run");
  program.verify = phase("verify");
  program.reader = std::make_unique<WorkLineReader>();
  return program;
}

}  // namespace gridlock
