// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "topology/placeholders.h"
#include "workload/node_programs.h"
#include "workload/work_lines.h"

namespace gridlock {

NodeProgram exec_program(const Plan& plan, const WorkloadSpec& workload, NodeId node,
                         std::uint64_t seed) {
  const ExecSpec& spec = *workload.exec;
  const PlannedNode& planned = plan.node(node);
  const double seconds = std::chrono::duration<double>(workload.duration).count();
  const std::map<std::string, std::string, std::less<>> values{
      {"node", std::to_string(node.number)},
      {"nodes", std::to_string(plan.nodes.size())},
      {"name", planned.name},
      {"address", planned.address},
      {"mount", plan.filesystem.mount},
      {"dir", workload_folder(plan, workload)},
      {"seed", std::to_string(seed)},
      {"duration", fmt::format("{}", seconds)}};
  const auto filled = [&](const std::string& text) {
    return fill_in(text, [&](std::string_view name) { return values.find(name)->second; });
  };
  const auto job = [&](const std::vector<std::string>& command) {
    std::vector<std::string> argv;
    for (const std::string& word : command) argv.push_back(filled(word));
    Job made = job_of(std::move(argv));
    for (const auto& [name, value] : spec.environment) made.environment[name] = filled(value);
    return made;
  };
  NodeFiles files = list_node_files(spec.files);
  std::vector<std::string> folders{"busybox", "mkdir", "-p", workload_folder(plan, workload)};
  folders.insert(folders.end(), files.empty_folders.begin(), files.empty_folders.end());
  NodeProgram program;
  program.files = std::move(files.files);
  program.folders = job_of(std::move(folders));
  if (!spec.prepare.empty()) program.prepare = job(spec.prepare);
  program.run = job(spec.command);
  if (!spec.verify.empty()) program.verify = job(spec.verify);
  program.success = spec.success;
  program.judged_by_status = true;
  program.reader = std::make_unique<WorkLineReader>();
  return program;
}

}  // namespace gridlock
