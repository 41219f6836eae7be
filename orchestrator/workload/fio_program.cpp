// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "workload/fio_reader.h"
#include "workload/node_programs.h"

namespace gridlock {

NodeProgram fio_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                        std::uint64_t seed) {
  // Each node works on files of its own; fio's job file comes on standard input, so that no value
  // from the topology is ever read as an option.
  const std::string& name = plan.node(node).name;
  std::string job = fmt::format("[{}-{}]\n", workload.name, name);
  bool has_runtime = false;
  for (const auto& [key, value] : workload.fio->jobs) {
    job += fmt::format("{}={}\n", key, value);
    has_runtime = has_runtime || key == "runtime";
  }
  if (!has_runtime) {
    job += fmt::format("time_based=1\nruntime={}ms\n", workload.duration.count());
  }
  // Percentiles of all jobs together, and one entry for them in each of fio's reports.
  job += "group_reporting=1\n";
  job += fmt::format("directory={}\nfilename_format={}.$jobnum.$filenum\nrandseed={}\n",
                     workload_folder(plan, workload), name,
                     seed % 0x7fffffff + static_cast<std::uint64_t>(node.number));
  NodeProgram program;
  program.prepare = job_of({"busybox", "mkdir", "-p", workload_folder(plan, workload)});
  program.run =
      job_of({"fio", "--output-format=json+", "--status-interval=500ms", "--eta=never", "-"});
  program.run.input = job;
  program.reader = std::make_unique<FioReader>();
  return program;
}

}  // namespace gridlock
