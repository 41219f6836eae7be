// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxTrialName = 100;

MmapDioSpec read_mmap_dio(const Section& section, int node_count, Mistakes& mistakes) {
  MmapDioSpec spec;
  spec.operation = section.choice<MmapDioSpec::Operation>("operation");
  static_cast<void>(section.choice<int>("file"));
  spec.buffer = section.choice<MmapDioSpec::Buffer>("buffer");
  spec.transfer = section.size("transfer");
  spec.file_size = section.size("file_size");
  if (spec.buffer == MmapDioSpec::Buffer::next_node && node_count == 1) {
    mistakes.add(section.mark("buffer"),
                 "`buffer: next-node` needs at least 2 nodes, and there is 1");
  }
  if (spec.file_size.count == 0) {
    spec.file_size = Bytes{8 * spec.transfer.count};
  } else if (spec.file_size.count % spec.transfer.count != 0 ||
             spec.file_size.count < 2 * spec.transfer.count) {
    mistakes.add(section.mark("file_size"),
                 fmt::format("`file_size` must be a multiple of `transfer` ({}) and at least twice "
                             "as much, not {}",
                             to_string(spec.transfer), to_string(spec.file_size)));
  }
  return spec;
}

/// The program's words are in the order of these.
enum class Program { mmap_dio, fio };

WorkloadSpec read_workload(const DocEntry& entry, int node_count, Mistakes& mistakes) {
  WorkloadSpec workload;
  workload.name = entry.key;
  workload.mark = entry.mark;

  // The program decides which keys there are, so it is looked at before the others.
  const auto program = std::ranges::find(entry.value.entries, "program", &DocEntry::key);
  const bool fio = program != entry.value.entries.end() && program->value.text == "fio";
  const Section section(&entry.value, entry.mark, fio ? kFioKeys : kMmapDioKeys, mistakes);
  if (!section.find("program")) return workload;
  const auto chosen = section.choice<Program>("program");
  workload.duration = section.duration("duration");
  if (fio) {
    workload.fio.emplace();
    if (const DocNode* const jobs = section.find("jobs"))
      read_fio_jobs(*jobs, section.find("duration") != nullptr, workload, mistakes);
  } else if (chosen == Program::mmap_dio) {
    workload.mmap_dio = read_mmap_dio(section, node_count, mistakes);
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

/// One item of `trials:`, or absent if it has no workloads.
std::optional<TrialSpec> read_trial(const DocNode& item, const std::vector<std::string>& known,
                                    Mistakes& mistakes) {
  TrialSpec trial;
  std::vector<MarkedText> written;
  if (item.kind == DocNode::Kind::map) {
    const Section section(&item, item.mark, kTrialKeys, mistakes);
    trial.name = section.text("name");
    if (section.find("start")) trial.start = section.choice<Start>("start");
    written = section.lines("workloads");
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
  check_trial(trial, written, item.mark, known, mistakes);
  if (trial.workloads.empty()) {
    mistakes.add(item.mark, "a trial needs at least one workload");
    return std::nullopt;
  }
  return trial;
}

}  // namespace

std::vector<WorkloadSpec> read_workloads(const DocNode& node, int node_count, Mistakes& mistakes) {
  std::vector<WorkloadSpec> workloads;
  for_each_named(node, "a workload", kMaxWorkloads, mistakes, [&](const DocEntry& entry) {
    workloads.push_back(read_workload(entry, node_count, mistakes));
  });
  return workloads;
}

std::vector<TrialSpec> read_trials(const DocNode* node, const std::vector<WorkloadSpec>& workloads,
                                   Mistakes& mistakes) {
  std::vector<TrialSpec> trials;
  if (!node || node->kind == DocNode::Kind::nothing) {
    for (const WorkloadSpec& workload : workloads)
      trials.push_back({workload.name, {workload.name}, {}});
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
  const std::vector<std::string> known = names_of(workloads);
  for (const DocNode& item : node->items) {
    std::optional<TrialSpec> trial = read_trial(item, known, mistakes);
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
