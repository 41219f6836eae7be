// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "topology/read.h"
#include "topology/section.h"
#include "topology/shape.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxTrialName = 100;

LockPingSpec read_lock_ping(const Section& section, int node_count, Mistakes& mistakes) {
  LockPingSpec spec;
  spec.locks = section.integer("locks");
  spec.data = section.choice<LockPingSpec::Data>("data");
  spec.processes = section.integer("processes");
  // Each keeps one byte while it waits for the next: with no byte free, all wait for ever.
  const int all = node_count * spec.processes;
  if (spec.locks != 0 && spec.locks <= all)
    mistakes.add(section.mark("locks"),
                 fmt::format("`locks` must be above the number of all nodes' processes, {}, not {}",
                             all, spec.locks));
  return spec;
}

/// The program's words are in the order of these.
enum class Program { mmap_dio, fio, lock_ping, exec };

/// The program decides which keys there are, so it is looked at before the others.
const KeyTable& table_of(const DocNode& workload) {
  const std::span<const KeyTable* const> tables = topology_shape().row("workloads")->tables;
  const DocEntry* const program = entry_of(workload, "program");
  const KeyTable* const table = program ? table_of_program(tables, program->value.text) : nullptr;
  return table ? *table : *tables.front();
}

WorkloadSpec read_workload(const DocEntry& entry, int node_count,
                           const std::filesystem::path& folder, Mistakes& mistakes) {
  WorkloadSpec workload;
  workload.name = entry.key;
  workload.mark = entry.mark;
  const Section section(&entry.value, entry.mark, table_of(entry.value), mistakes);
  if (!section.find("program")) return workload;
  const auto chosen = section.choice<Program>("program");
  workload.duration = section.duration("duration");
  workload.margin = section.share("margin");
  switch (chosen) {
    case Program::mmap_dio:
      workload.mmap_dio = read_mmap_dio(section, node_count, mistakes);
      break;
    case Program::fio:
      workload.fio.emplace();
      if (const DocNode* const jobs = section.find("jobs"))
        read_fio_jobs(*jobs, section.find("duration") != nullptr, workload, mistakes);
      break;
    case Program::lock_ping:
      workload.lock_ping = read_lock_ping(section, node_count, mistakes);
      break;
    case Program::exec:
      workload.exec = read_exec(section, folder, mistakes);
      break;
  }
  return workload;
}

std::vector<std::string> names_of(const std::vector<WorkloadSpec>& workloads) {
  std::vector<std::string> names;
  for (const WorkloadSpec& workload : workloads) names.push_back(workload.name);
  return names;
}

void check_trial(const TrialSpec& trial, const std::vector<MarkedText>& written, Mark mark,
                 const std::vector<std::string>& known, Mistakes& mistakes) {
  std::set<std::string> seen;
  for (const MarkedText& workload : written) {
    if (std::ranges::find(known, workload.text) == known.end()) {
      mistakes.add(workload.mark, fmt::format("unknown workload {}{}", in_quotes(workload.text),
                                              suggestion(workload.text, known)));
    } else if (!seen.insert(workload.text).second) {
      mistakes.add(workload.mark,
                   fmt::format("workload {} is in this trial already", in_quotes(workload.text)));
    }
  }
  if (trial.name.size() > kMaxTrialName)
    mistakes.add(mark, fmt::format("the joined name of this trial is longer than {} characters; "
                                   "give it one: {{name: …, workloads: […]}}",
                                   kMaxTrialName));
}

/// How long a trial works; one that does not say right what is as long as any.
Milliseconds work_of(const TrialSpec& trial, const std::vector<WorkloadSpec>& known) {
  Milliseconds work{0};
  for (const std::string& name : trial.workloads) {
    const auto workload = std::ranges::find(known, name, &WorkloadSpec::name);
    if (workload == known.end()) return Milliseconds::max();
    work += workload->duration;
  }
  return work;
}

/// One item of `trials:`, or absent if it has no workloads.
std::optional<TrialSpec> read_trial(const DocNode& item, const Topology& topology,
                                    Mistakes& mistakes) {
  TrialSpec trial;
  trial.lab = topology.lab;
  const DocNode* faults = nullptr;
  std::vector<MarkedText> written;
  if (item.kind == DocNode::Kind::map) {
    const Section section(&item, item.mark, kTrialKeys, mistakes);
    trial.name = section.text("name");
    if (section.find("start")) trial.start = section.choice<Start>("start");
    if (section.find("lab")) trial.lab = section.choice<LabUse>("lab");
    written = section.lines("workloads");
    faults = section.find("faults");
    if (!section.find("workloads")) return std::nullopt;
  } else if (item.kind == DocNode::Kind::list) {
    // A list is short for {workloads: list}, and read by the same rules.
    DocNode map;
    map.kind = DocNode::Kind::map;
    map.mark = item.mark;
    map.entries.push_back({"workloads", item.mark, item});
    written = Section(&map, item.mark, kTrialKeys, mistakes).lines("workloads");
  } else {
    mistakes.add(item.mark,
                 "a trial is a list of workloads, such as [self-read], or a mapping with "
                 "`workloads`");
    return std::nullopt;
  }
  for (const MarkedText& workload : written) trial.workloads.push_back(workload.text);
  if (trial.name.empty()) trial.name = join(trial.workloads, "+");
  check_trial(trial, written, item.mark, names_of(topology.workloads), mistakes);
  if (trial.workloads.empty()) {
    mistakes.add(item.mark, "a trial needs at least one workload");
    return std::nullopt;
  }
  trial.faults = read_faults(faults, topology, work_of(trial, topology.workloads), mistakes);
  return trial;
}

}  // namespace

std::vector<WorkloadSpec> read_workloads(const DocNode& node, int node_count,
                                         const std::filesystem::path& folder, Mistakes& mistakes) {
  std::vector<WorkloadSpec> workloads;
  for_each_named(node, "a workload", kMaxWorkloads, mistakes, [&](const DocEntry& entry) {
    workloads.push_back(read_workload(entry, node_count, folder, mistakes));
  });
  return workloads;
}

std::vector<TrialSpec> read_trials(const DocNode* node, const Topology& topology,
                                   Mistakes& mistakes) {
  std::vector<TrialSpec> trials;
  if (!node || node->kind == DocNode::Kind::nothing) {
    for (const WorkloadSpec& workload : topology.workloads)
      trials.push_back({workload.name, {workload.name}, {}, topology.lab});
    return trials;
  }
  if (node->kind != DocNode::Kind::list || node->items.empty()) {
    mistakes.add(node->mark,
                 "`trials` must be a list with at least one trial, such as "
                 "[[self-read], [abba]]");
    return trials;
  }
  if (node->items.size() > kMaxTrials)
    mistakes.add(node->mark, fmt::format("{} trials are too many; {} is the most",
                                         node->items.size(), kMaxTrials));
  for (const DocNode& item : node->items) {
    std::optional<TrialSpec> trial = read_trial(item, topology, mistakes);
    if (!trial) continue;
    if (std::ranges::find(trials, trial->name, &TrialSpec::name) != trials.end())
      mistakes.add(item.mark,
                   fmt::format("there is a trial called {} already; give this one another "
                               "name: {{name: …, workloads: […]}}",
                               in_quotes(trial->name)));
    trials.push_back(std::move(*trial));
  }
  return trials;
}

}  // namespace gridlock
