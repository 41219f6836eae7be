// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/files.h"

#include <set>

#include "base/text.h"
#include "topology/keys.h"
#include "workload/node_programs.h"
#include "workload/programs.h"

namespace gridlock {
namespace {

Job removal(const std::set<std::string>& paths) {
  std::vector<std::string> argv{"busybox", "rm", "-rf", "--"};
  argv.insert(argv.end(), paths.begin(), paths.end());
  return job_of(std::move(argv));
}

/// "/opt/try" of "/opt/try/bin/run": the image has nothing below these folders, so what is there
/// came with the workload.
std::string top_of(const std::string& path) {
  for (const std::string& folder : split(kFileFolders, ' '))
    if (path.starts_with(folder + "/")) return path.substr(0, path.find('/', folder.size() + 1));
  return path;
}

}  // namespace

void remove_files(const Plan& plan, const std::vector<std::string>& workloads, const Crew& crew,
                  Milliseconds limit, std::stop_token stop) {
  std::set<std::string> shared;
  std::set<std::string> on_nodes;
  for (const std::string& name : workloads) {
    const WorkloadSpec& workload = plan.workload(name);
    shared.insert(workload_folder(plan, workload));
    if (!workload.exec) continue;
    for (const ExecSpec::File& file : workload.exec->files) on_nodes.insert(top_of(file.to));
  }
  std::vector<JobResult> results{crew.run(crew.members().front().id, removal(shared), limit, stop)};
  if (!on_nodes.empty())
    for (JobResult& result :
         crew.run_all([&](const Crew::Member&) { return removal(on_nodes); }, limit, stop))
      results.push_back(std::move(result));
  for (const JobResult& result : results)
    if (!result.ok()) throw BarrierFailed(result.describe("removing the workloads' files"));
}

}  // namespace gridlock
