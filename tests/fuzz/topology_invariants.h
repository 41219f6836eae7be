// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "plan/plan.h"
#include "plan/plan_text.h"
#include "topology/topology.h"

namespace gridlock {

/// What any bytes taken for a topology came to.
enum class TopologyEnd { malformed, impossible, planned };

/// A host on which every fragment and patch of the examples exists.
inline HostFacts fuzz_host() {
  HostFacts host;
  host.memory = Bytes::gib(32);
  host.fragments = "/gridlock/images/kernels";
  host.files_in = [](const std::filesystem::path& folder) -> std::vector<std::string> {
    if (folder == "/gridlock/images/kernels")
      return {"base.config", "cluster.config", "debug.config", "perf.config"};
    if (folder == "/gridlock/images/kernels/patches") return {"gfs2-dio-page-faults-enabled.patch"};
    return {};
  };
  return host;
}

/// A topology and what it may include. In the bytes each further file is headed by a line "%%
/// NAME".
struct FuzzFiles {
  std::string topology;
  std::map<std::string, std::string> others;  ///< by file name, next to the topology
};

inline FuzzFiles fuzz_files(std::string_view bytes) {
  FuzzFiles files;
  std::string* current = &files.topology;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    bytes.remove_prefix(line.size());
    if (line.starts_with("%% "))
      current = &files.others[std::string(line.substr(3, line.find_last_not_of("\r\n") - 2))];
    else
      *current += line;
  }
  return files;
}

inline Topology read_fuzz(const FuzzFiles& files) {
  const Surroundings around{
      [&](const std::filesystem::path& file) {
        const auto found = files.others.find(file.filename().string());
        if (found == files.others.end()) throw UsageError("cannot read it: it is not there");
        return found->second;
      },
      [](const std::filesystem::path& file) { return file.string().size() % 2 == 0; }};
  return read_topology(files.topology, "fuzz.yaml", &around);
}

/// What is kept with the results must be the same topology without the files it included.
inline void check_kept(const Topology& topology, const Plan& plan) {
  const Topology again = read_topology(topology.text, "fuzz.yaml");
  GRIDLOCK_CHECK(again.text == topology.text, "what is kept includes something");
  GRIDLOCK_CHECK(plan_hash(make_plan(again, {}, fuzz_host())) == plan_hash(plan),
                 "what is kept is another topology: " + topology.text);
}

inline void check_refusal(const std::string& text) {
  const std::size_t name_end = text.find(".yaml:");
  GRIDLOCK_CHECK(name_end != std::string::npos && name_end < text.find('\n'),
                 "no file in: " + text);
  const std::size_t at = name_end + 6;
  const std::size_t line_end = text.find(':', at);
  const std::size_t column_end = text.find(':', line_end + 1);
  GRIDLOCK_CHECK(column_end != std::string::npos, "no mark in: " + text);
  GRIDLOCK_CHECK(std::stoi(text.substr(at)) >= 1, "a line below 1: " + text);
  GRIDLOCK_CHECK(std::stoi(text.substr(line_end + 1)) >= 1, "a column below 1: " + text);
  GRIDLOCK_CHECK(text.substr(column_end).starts_with(": error: "), "no error in: " + text);
  GRIDLOCK_CHECK(text.ends_with('\n'), "no line end");
  GRIDLOCK_CHECK(text.size() < 64 * 1024, "an endless message");
  for (const char c : text)
    GRIDLOCK_CHECK(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "a control character");
}

inline void check_plan(const Plan& plan) {
  GRIDLOCK_CHECK(plan.nodes.size() >= 1 && plan.nodes.size() <= 16, "number of nodes");
  GRIDLOCK_CHECK(!plan.kernels.empty() && !plan.workloads.empty() && !plan.trials.empty(),
                 "a plan of nothing");
  std::set<std::string> addresses;
  for (const PlannedNode& node : plan.nodes) {
    GRIDLOCK_CHECK(addresses.insert(node.address).second, "two nodes with one address");
    GRIDLOCK_CHECK(addresses.insert(node.mac).second, "two nodes with one MAC");
    GRIDLOCK_CHECK(node.memory >= Bytes::mib(128) && node.memory <= Bytes::gib(64), "memory");
  }
  GRIDLOCK_CHECK(plan.cluster_name.size() >= 1 && plan.cluster_name.size() <= 32, "cluster name");
  // Capitals are of an OCFS2's UUID.
  GRIDLOCK_CHECK(plan.lock_table.find_first_not_of(
                     "abcdefghijklmnopqrstuvwxyzABCDEF0123456789-:") == std::string::npos,
                 "lock table " + plan.lock_table);
  std::set<std::pair<std::string, std::string>> trials;
  for (const PlannedTrial& trial : plan.trials) {
    GRIDLOCK_CHECK(trials.emplace(trial.kernel, trial.name).second, "a trial twice");
    GRIDLOCK_CHECK(trial.name.find('/') == std::string::npos, "a trial that is a path");
    GRIDLOCK_CHECK(plan.kernel(trial.kernel).name == trial.kernel, "a trial without kernel");
    GRIDLOCK_CHECK(!trial.workloads.empty(), "a trial of nothing");
    for (const std::string& name : trial.workloads) {
      const WorkloadSpec& workload = plan.workload(name);
      GRIDLOCK_CHECK(workload.mmap_dio.has_value() + workload.fio.has_value() +
                             workload.lock_ping.has_value() + workload.exec.has_value() ==
                         1,
                     "one program");
      GRIDLOCK_CHECK(workload.duration >= Milliseconds{1000}, "no duration");
    }
  }
}

/// Reads `bytes` as a topology and plans it. Throws InternalError if that ends in anything but a
/// plan or an error that says where and why.
inline TopologyEnd check_topology_bytes(std::string_view bytes) {
  Topology topology;
  try {
    topology = read_fuzz(fuzz_files(bytes));
  } catch (const TopologyError& error) {
    check_refusal(error.what());
    return TopologyEnd::malformed;
  }
  try {
    const Plan plan = make_plan(topology, {}, fuzz_host());
    check_plan(plan);
    check_kept(topology, plan);
    GRIDLOCK_CHECK(plan_hash(plan) == plan_hash(make_plan(topology, {}, fuzz_host())),
                   "two plans of one topology");
    // Neither may fail on what a topology may hold.
    GRIDLOCK_CHECK(!to_json(plan).dump().empty() && plan_text(plan).ends_with('\n'), "no text");
    return TopologyEnd::planned;
  } catch (const UsageError& error) {
    GRIDLOCK_CHECK(!std::string(error.what()).empty(), "no reason");
    return TopologyEnd::impossible;
  }
}

}  // namespace gridlock
