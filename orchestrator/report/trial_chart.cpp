// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/trial_chart.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "report/html_parts.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostLanes = 64;
constexpr std::size_t kMostMarks = 300;
constexpr std::size_t kLongestName = 60;

/// When each node was met by the trial: what began it has ended for that node.
std::map<std::string, double> met(const std::vector<TrialEvent>& events) {
  std::map<std::string, double> at;
  for (const TrialEvent& event : events)
    if (event.event == "hello") at.try_emplace(event.node, event.at);
  return at;
}

Json mark(std::size_t lane, double at, const char* kind, const std::string& text) {
  return {{"lane", lane}, {"at", rounded(at)}, {"kind", kind}, {"text", printable(text, 200)}};
}

}  // namespace

std::vector<std::string> nodes_of(const TrialRecord& trial) {
  std::set<std::string> names;
  for (const auto& [node, oracle] : trial.oracles) names.insert(node);
  for (const auto& [node, release] : trial.kernel_releases) names.insert(node);
  for (const WorkloadRecord& workload : trial.workloads)
    for (const auto& [node, counters] : workload.nodes) names.insert(node);
  for (const FindingRecord& finding : trial.findings)
    names.insert(finding.nodes.begin(), finding.nodes.end());
  std::vector<std::string> nodes(names.begin(), names.end());
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (nodes.size() > kMostLanes) nodes.resize(kMostLanes);
  return nodes;
}

Json lanes_chart(const TrialRecord& trial, const std::vector<TrialEvent>& events) {
  const std::vector<std::string> nodes = nodes_of(trial);
  const std::map<std::string, double> hello = met(events);
  Json lanes = Json::array(), spans = Json::array(), marks = Json::array();
  const auto add_mark = [&](const std::string& node, double at, const char* kind,
                            const std::string& text) {
    for (std::size_t lane = 0; lane < nodes.size() && marks.size() < kMostMarks; ++lane)
      if (node.empty() || node == nodes[lane]) marks.push_back(mark(lane, at, kind, text));
  };
  double end = trial.seconds;
  for (std::size_t lane = 0; lane < nodes.size(); ++lane) {
    lanes.push_back(printable(nodes[lane], kLongestName));
    for (const StepRecord& step : trial.steps) {
      double until = step.end > step.begin ? step.end : std::max(step.begin, trial.seconds);
      const auto at = hello.find(nodes[lane]);
      const bool begins = &step == &trial.steps.front();
      if (begins && at != hello.end() && at->second > step.begin)
        until = std::min(until, at->second);
      end = std::max(end, until);
      spans.push_back({{"lane", lane},
                       {"name", printable(step.name, kLongestName)},
                       {"begin", rounded(step.begin)},
                       {"end", rounded(until)}});
    }
  }
  for (const TrialEvent& event : events) {
    if (event.event == "work") add_mark("", event.at, "workload", event.what);
    if (event.event == "lost") add_mark(event.node, event.at, "lost", "lost: " + event.what);
    if (event.event == "checkpoint" || event.event == "slow" || event.event == "problem")
      add_mark(event.node, event.at, "other", event.event + " " + event.what);
  }
  for (const FaultRecord& fault : trial.faults)
    if (fault.begin) {
      add_mark(fault.node, *fault.begin, "fault", fault_text(fault));
      if (fault.end) add_mark(fault.node, *fault.end, "fault", "end of the " + fault.kind);
    }
  for (const FindingRecord& finding : trial.findings)
    for (const std::string& node : finding.nodes) {
      add_mark(node, finding.at, "finding", finding.title);
      end = std::max(end, finding.at);
    }
  return {{"lanes", std::move(lanes)},
          {"end", rounded(end)},
          {"spans", std::move(spans)},
          {"marks", std::move(marks)}};
}

Json throughput_chart(const TrialRecord& trial, const TrialSeries& series) {
  const bool moves_bytes =
      std::any_of(series.nodes.begin(), series.nodes.end(), [](const NodeSeries& node) {
        return std::any_of(node.bytes_per_second.begin(), node.bytes_per_second.end(),
                           [](double v) { return v > 0; });
      });
  // A node that is silent while others report did nothing; where all are silent there is no rate.
  std::vector<bool> silent(
      series.nodes.empty() ? 0 : series.nodes.front().operations_per_second.size(), true);
  for (const NodeSeries& node : series.nodes)
    for (std::size_t bin = 0; bin < silent.size(); ++bin)
      if (!std::isnan(node.operations_per_second[bin])) silent[bin] = false;
  Json nodes = Json::array();
  for (const NodeSeries& node : series.nodes) {
    Json values = Json::array();
    for (std::size_t bin = 0; bin < silent.size(); ++bin) {
      const double value =
          moves_bytes ? node.bytes_per_second[bin] / 1e6 : node.operations_per_second[bin];
      if (silent[bin])
        values.push_back(nullptr);
      else
        values.push_back(std::isnan(value) ? 0 : rounded(value, 0.01));
    }
    nodes.push_back({{"name", printable(node.node, kLongestName)}, {"values", std::move(values)}});
  }
  return {
      {"begin", rounded(series.begin)},
      {"step", rounded(series.step, 1e-4)},
      {"end", rounded(std::max(trial.seconds,
                               series.begin + series.step * static_cast<double>(silent.size())))},
      {"unit", moves_bytes ? "MB/s" : "operations/s"},
      {"nodes", std::move(nodes)}};
}

}  // namespace gridlock
