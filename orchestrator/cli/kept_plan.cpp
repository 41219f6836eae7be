// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/kept_plan.h"

#include <set>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "host/files.h"
#include "topology/topology.h"
#include "topology/words.h"

namespace gridlock {

Plan kept_plan(const std::filesystem::path& run, PlanOptions options, const HostFacts& host) {
  constexpr Bytes kLargest = Bytes::mib(64);
  const auto kept = parse_json(read_file(run / "plan.json", kLargest));
  if (!kept || !kept->contains("topology"))
    throw Error((run / "plan.json").string() + " is damaged");
  const std::string text = read_file(run / "topology.yaml", kLargest);
  const std::string file = text_or(kept->at("topology"), "file", (run / "topology.yaml").string());
  // Where nodes begin may have been said on the command line: then it is the same for all trials.
  std::set<std::string> starts;
  if (const auto trials = kept->find("trials"); trials != kept->end() && trials->is_array())
    for (const Json& trial : *trials) starts.insert(text_or(trial, "start", ""));
  if (!options.start && starts.size() == 1)
    for (const Start start : {Start::boot, Start::from_template, Start::formed})
      if (word_of(start) == *starts.begin()) options.start = start;
  return make_plan(read_topology(text, file), options, host);
}

}  // namespace gridlock
