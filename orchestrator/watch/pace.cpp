// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/pace.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace gridlock {

double slowness_of(std::string_view line, std::chrono::nanoseconds reference) {
  constexpr std::string_view kWord = "pace ";
  if (!line.starts_with(kWord)) return 0;
  line.remove_prefix(kWord.size());
  const auto took = number<std::int64_t>(line.substr(0, line.find(' ')), 10);
  if (!took || *took <= 0) return 0;
  return std::clamp(static_cast<double>(*took) / static_cast<double>(reference.count()), 1.0,
                    kSlowest);
}

std::map<NodeId, double> measure_slowness(const Crew& crew, std::chrono::nanoseconds reference,
                                          Milliseconds limit, std::stop_token stop) {
  // A node that is lost must not keep the others from being measured.
  const Crew patient(crew.loop(), crew.members(), [] { return std::string(); });
  const auto results = patient.run_all(
      [](const Crew::Member&) { return Job{.argv = {"/gridlock/bin/gridlock-pace"}}; }, limit,
      std::move(stop));
  std::map<NodeId, double> all;
  for (const JobResult& result : results)
    if (const double slowness = slowness_of(result.output, reference); result.ok() && slowness > 0)
      all[result.node] = slowness;
  return all;
}

}  // namespace gridlock
