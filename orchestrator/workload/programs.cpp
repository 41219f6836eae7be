// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/programs.h"

#include "base/text.h"
#include "topology/words.h"
#include "workload/node_programs.h"

namespace gridlock {

Job job_of(std::vector<std::string> argv) {
  Job job;
  job.argv = std::move(argv);
  job.environment["PATH"] = "/gridlock/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return job;
}

Job action_of(const std::string& program, const std::string& action, const Options& options) {
  std::vector<std::string> argv{"/gridlock/bin/" + program, action};
  for (const auto& [option, value] : options) {
    argv.push_back(option);
    argv.push_back(value);
  }
  return job_of(std::move(argv));
}

void add_ring(Options& options, const WorkRing& ring) {
  const auto numbers = [](const auto& nodes) {
    std::vector<std::string> words;
    for (const NodeId node : nodes) words.push_back(std::to_string(node.number));
    return join(words, ",");
  };
  if (!ring.nodes.empty()) options.emplace_back("--ring", numbers(ring.nodes));
  if (!ring.mortal.empty()) options.emplace_back("--mortal", numbers(ring.mortal));
  if (ring.looks_at) options.emplace_back("--looks-at", std::to_string(ring.looks_at->number));
}

std::string workload_folder(const Plan& plan, const WorkloadSpec& workload) {
  return plan.filesystem.mount + "/" + workload.name;
}

std::string operation_of(const WorkloadSpec& workload) {
  if (workload.mmap_dio) return word_of(workload.mmap_dio->operation);
  if (workload.lock_ping) return "lock";
  if (workload.exec) return "exec";
  std::string operation = "read";
  for (const auto& [key, value] : workload.fio->jobs)
    if (key == "rw" || key == "readwrite") operation = value;
  return operation;
}

std::string program_of(const WorkloadSpec& workload) {
  if (workload.mmap_dio) return "mmap-dio";
  if (workload.lock_ping) return "lock-ping";
  return workload.exec ? "exec" : "fio";
}

NodeProgram node_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                         std::uint64_t seed, const WorkRing& ring) {
  if (workload.mmap_dio) return mmap_dio_program(plan, workload, node, seed, ring);
  if (workload.lock_ping) return lock_ping_program(plan, workload, node, seed, ring);
  if (workload.exec) return exec_program(plan, workload, node, seed);
  return fio_program(plan, workload, node, seed);
}

}  // namespace gridlock
