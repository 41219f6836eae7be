// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/files.h"

#include "workload/node_programs.h"
#include "workload/programs.h"

namespace gridlock {

void remove_files(const Plan& plan, const std::vector<std::string>& workloads, const Crew& crew,
                  Milliseconds limit, std::stop_token stop) {
  std::vector<std::string> argv{"busybox", "rm", "-rf", "--"};
  for (const std::string& name : workloads)
    argv.push_back(workload_folder(plan, plan.workload(name)));
  const JobResult result = crew.run(crew.members().front().id, job_of(argv), limit, stop);
  if (!result.ok()) throw BarrierFailed(result.describe("removing the workloads' files"));
}

}  // namespace gridlock
