// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/file_names.h"

#include "base/text.h"
#include "workload/node_programs.h"
#include "workload/programs.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kLongestName = 200;

}  // namespace

std::map<std::uint64_t, std::string> file_names_in(std::string_view lines,
                                                   const std::string& folder) {
  std::map<std::uint64_t, std::string> names;
  while (!lines.empty() && names.size() < kMostNames) {
    const std::string_view line = take_line(lines);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space + 1 == line.size()) continue;
    if (const auto inode = number<std::uint64_t>(line.substr(0, space), 10))
      names[*inode] = folder + "/" + printable(line.substr(space + 1), kLongestName);
  }
  return names;
}

std::map<std::uint64_t, std::string> file_names(const Plan& plan, const WorkloadSpec& workload,
                                                const Crew& crew, Milliseconds limit,
                                                std::stop_token stop) {
  const Job job = job_of({"/gridlock/bin/gridlock-inodes", workload_folder(plan, workload)});
  const JobResult result = crew.run(crew.members().front().id, job, limit, std::move(stop));
  return result.ok() ? file_names_in(result.output, workload.name)
                     : std::map<std::uint64_t, std::string>{};
}

}  // namespace gridlock
