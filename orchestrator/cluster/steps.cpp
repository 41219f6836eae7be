// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/steps.h"

#include <fmt/format.h>

#include "base/text.h"

namespace gridlock {

Job program(std::vector<std::string> argv) {
  Job job;
  job.argv = std::move(argv);
  job.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  return job;
}

Job shell(const std::string& script) { return program({"sh", "-c", script}); }

std::string missing(const Crew& crew, const std::function<bool(std::size_t)>& there) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < crew.members().size(); ++i)
    if (!there(i)) names.push_back(crew.members()[i].name);
  return join(names, ", ");
}

void wait_for_all(const Crew& crew, const std::string& what,
                  const std::function<bool(std::size_t)>& there,
                  const std::function<std::string()>& broken, Milliseconds limit,
                  std::stop_token stop) {
  const auto all = [&] { return missing(crew, there).empty(); };
  try {
    crew.wait(
        what, [&] { return all() || !broken().empty(); }, limit, stop);
  } catch (const BarrierFailed&) {
    throw BarrierFailed(
        fmt::format("{} on {} not within {}", what, missing(crew, there), to_string(limit)));
  }
  if (!all()) throw BarrierFailed("waiting for " + what + ": " + broken());
}

void run_everywhere(const Crew& crew, const std::string& what, const std::string& script,
                    Milliseconds limit, std::stop_token stop) {
  for (const JobResult& result :
       crew.run_all([&](const Crew::Member&) { return shell(script); }, limit, std::move(stop)))
    if (!result.ok()) throw BarrierFailed(result.describe(what));
}

std::string describe_end(const Crew::Member& member, const std::string& name, const JobEnd& end,
                         const std::string& said) {
  JobResult result;
  result.node = member.id;
  result.node_name = member.name;
  result.finished = true;
  result.end = end;
  result.errors = said;
  return result.describe(name);
}

}  // namespace gridlock
