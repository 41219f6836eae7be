// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/programs.h"

#include <fmt/format.h>

#include <algorithm>

namespace gridlock {
namespace {

constexpr int kSampleMs = 200;

std::string name_of(MmapDioSpec::Operation operation) {
  return operation == MmapDioSpec::Operation::read ? "read" : "write";
}

std::string name_of(MmapDioSpec::Buffer buffer) {
  switch (buffer) {
    case MmapDioSpec::Buffer::same_file:
      return "same-file";
    case MmapDioSpec::Buffer::next_node:
      return "next-node";
    case MmapDioSpec::Buffer::anonymous:
      return "anonymous";
  }
  return {};
}

Job job_of(std::vector<std::string> argv) {
  Job job;
  job.argv = std::move(argv);
  job.environment["PATH"] = "/gridlock/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return job;
}

NodeProgram mmap_dio(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                     std::uint64_t seed) {
  const MmapDioSpec& spec = *workload.mmap_dio;
  const auto phase = [&](const std::string& name) {
    return job_of({"/gridlock/bin/mmap-dio", name, "--dir", workload_folder(plan, workload), "--node",
                   std::to_string(node.number), "--nodes", std::to_string(plan.nodes.size()),
                   "--operation", name_of(spec.operation), "--buffer", name_of(spec.buffer),
                   "--transfer", std::to_string(spec.transfer.count), "--file-size",
                   std::to_string(spec.file_size.count), "--duration-ms",
                   std::to_string(workload.duration.count()), "--seed", std::to_string(seed),
                   "--sample-ms", std::to_string(kSampleMs)});
  };
  NodeProgram program;
  program.prepare = phase("prepare");
  program.run = phase("run");
  program.verify = phase("verify");
  program.reader = std::make_unique<MmapDioReader>();
  return program;
}

NodeProgram fio(const Plan& plan, const WorkloadSpec& workload, NodeId node, std::uint64_t seed) {
  // Each node works on files of its own; fio's job file comes on standard input, so that no value
  // from the topology is ever read as an option.
  std::string job = fmt::format("[{}-{}]\n", workload.name, node_name(node));
  bool has_runtime = false;
  for (const auto& [key, value] : workload.fio->jobs) {
    job += fmt::format("{}={}\n", key, value);
    has_runtime = has_runtime || key == "runtime";
  }
  if (!has_runtime) {
    job += fmt::format("time_based=1\nruntime={}ms\n", workload.duration.count());
  }
  job += fmt::format("directory={}\nfilename_format={}.$jobnum.$filenum\nrandseed={}\n",
                     workload_folder(plan, workload), node_name(node),
                     seed % 0x7fffffff + static_cast<std::uint64_t>(node.number));
  NodeProgram program;
  program.prepare = job_of({"busybox", "mkdir", "-p", workload_folder(plan, workload)});
  program.run = job_of({"fio", "--output-format=json", "--status-interval=500ms", "--eta=never", "-"});
  program.run.input = job;
  program.reader = std::make_unique<FioReader>();
  return program;
}

}  // namespace

std::string workload_folder(const Plan& plan, const WorkloadSpec& workload) {
  return plan.filesystem.mount + "/" + workload.name;
}

std::string operation_of(const WorkloadSpec& workload) {
  if (workload.mmap_dio) return name_of(workload.mmap_dio->operation);
  std::string operation = "read";
  for (const auto& [key, value] : workload.fio->jobs)
    if (key == "rw" || key == "readwrite") operation = value;
  return operation;
}

NodeProgram node_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                         std::uint64_t seed) {
  return workload.mmap_dio ? mmap_dio(plan, workload, node, seed)
                           : fio(plan, workload, node, seed);
}

}  // namespace gridlock
