// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "report/node_labels.h"

namespace gridlock {
namespace {

/// A barrier's diagnosis of every node can be long; the rest of it is among the evidence.
constexpr std::size_t kMostHintLines = 30;
constexpr std::size_t kLongestLine = 1000;
constexpr double kLongestSeconds = 1e9;  // so that a damaged number stays in range

bool expected_to_fail(const RunRecord& run, const std::string& kernel) {
  return std::any_of(run.trials.begin(), run.trials.end(), [&](const TrialRecord& trial) {
    return trial.kernel == kernel && trial.expect == Expectation::fail;
  });
}

std::string derived_from(const RunRecord& run, const std::string& kernel) {
  for (const KernelRecord& record : run.kernels)
    if (record.name == kernel) return record.from;
  return {};
}

/// Whether of the two kernels `a` and `b` the first is the base.
bool is_base(const RunRecord& run, const std::string& a, const std::string& b) {
  if (expected_to_fail(run, a) != expected_to_fail(run, b)) return expected_to_fail(run, a);
  if ((a == "unpatched") != (b == "unpatched")) return a == "unpatched";
  return derived_from(run, b) == a;
}

/// `reason` is one line, and a hint in the lines after it.
void add_reason(Page& page, std::string_view label, const std::string& whose,
                const std::string& reason) {
  const std::vector<std::string> lines = split(trimmed(reason), '\n');
  page.labelled(label, whose + printable(lines.front(), kLongestLine));
  const std::size_t shown = std::min(lines.size(), kMostHintLines + 1);
  for (std::size_t i = 1; i < shown; ++i)
    page.labelled(i == 1 ? "hint" : "", printable(lines[i], kLongestLine));
  if (shown < lines.size())
    page.labelled("", fmt::format("… {} more lines in run.json", lines.size() - shown));
}

}  // namespace

std::vector<std::string> kernels_in_order(const RunRecord& run) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const KernelRecord& kernel : run.kernels) add(kernel.name);
  for (const TrialRecord& trial : run.trials) add(trial.kernel);
  if (names.size() == 2 && !is_base(run, names[0], names[1])) std::swap(names[0], names[1]);
  return names;
}

std::string kernel_kind(const KernelRecord& kernel) {
  if (kernel.prebuilt) return "prebuilt";
  return kernel.perf ? "perf" : "debug";
}

bool has_verdict(const TrialRecord& trial) {
  return trial.outcome == Outcome::passed || trial.outcome == Outcome::failed;
}

std::size_t count_of(const RunRecord& run, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(run.trials.begin(), run.trials.end(),
                    [&](const TrialRecord& trial) { return trial.outcome == outcome; }));
}

std::string first_line(const std::string& reason) {
  return printable(split(reason, '\n').front(), kLongestLine);
}

std::string duration_text(double seconds) {
  seconds = std::clamp(seconds, 0.0, kLongestSeconds);
  // Above some seconds a fraction is noise.
  const double rounding = seconds < 10 ? 100 : 1000;
  return to_string(Milliseconds{static_cast<std::int64_t>(seconds * 1000 / rounding + 0.5) *
                                static_cast<std::int64_t>(rounding)});
}

std::string seen_on(const FindingRecord& finding, const TrialRecord& trial, const RunRecord& run) {
  const std::size_t nodes = static_cast<std::size_t>(std::max(run.nodes, 0));
  if (nodes < 2 || finding.nodes.empty()) return {};
  if (finding.nodes.size() == nodes && trial.node_kernels.empty())
    return nodes == 2 ? " (both nodes)" : fmt::format(" (all {} nodes)", nodes);
  return " (" + printable(node_labels(finding, trial), 200) + ")";
}

std::string fault_text(const FaultRecord& fault) {
  const std::string done = fault.kind == "kill"    ? "killed"
                           : fault.kind == "pause" ? "paused"
                           : fault.kind == "cut"   ? "cut off"
                                                   : printable(fault.kind, 40);
  const std::string lasted = fault.lasts > 0 ? " for " + duration_text(fault.lasts) : "";
  const std::string who = printable(fault.node, 60);
  if (!fault.begin)
    return fmt::format("{} was to be {} {} into the work{}, and was not", who, done,
                       duration_text(fault.planned), lasted);
  std::string text =
      fmt::format("{} was {} at {}{}", who, done, duration_text(*fault.begin), lasted);
  if (fault.still)
    text += fmt::format(", the others stood still for up to {}", duration_text(*fault.still));
  return text;
}

std::string what_went_wrong(const TrialRecord& trial, const RunRecord& run) {
  const std::string reason = split(trial.reason, '\n').front();
  const FindingRecord* decisive = nullptr;
  for (const FindingRecord& finding : trial.findings) {
    if (finding.known || finding.secondary || !is_of_kernel(finding)) continue;
    // Its title names the nodes.
    if (finding.kind == "deadlock") return printable(finding.title, kLongestLine);
    if (!decisive || (decisive->title != reason && finding.title == reason)) decisive = &finding;
  }
  if (trial.outcome != Outcome::failed || !decisive) return printable(reason, kLongestLine);
  return printable(decisive->title, kLongestLine) + seen_on(*decisive, trial, run);
}

void add_surprises(Page& page, const RunRecord& run) {
  bool trial_broke = false;
  for (const TrialRecord& trial : run.trials) {
    const std::string whose = printable(trial.kernel + " " + trial.name) + ": ";
    if (trial.outcome == Outcome::error) {
      trial_broke = true;
      add_reason(page, "error", whose, trial.reason);
    } else if (has_verdict(trial) && !trial.expected && !run.hunt) {  // a hunt counts
      page.labelled("unexpected",
                    whose + (trial.outcome == Outcome::passed
                                 ? "expected to fail, passed"
                                 : "expected to pass, failed: " + what_went_wrong(trial, run)));
    }
  }
  if (run.outcome == Outcome::error && !trial_broke) add_reason(page, "error", "", run.reason);
}

}  // namespace gridlock
