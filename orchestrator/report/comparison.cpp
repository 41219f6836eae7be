// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "report/comparison_parts.h"
#include "report/summary.h"

namespace gridlock {
namespace {

using namespace comparison;

const KernelRecord* kernel_of(const RunRecord& run, const std::string& name) {
  const auto it = std::find_if(run.kernels.begin(), run.kernels.end(),
                               [&](const KernelRecord& kernel) { return kernel.name == name; });
  return it == run.kernels.end() ? nullptr : &*it;
}

std::string kind_of(const RunRecord& run, const std::string& kernel) {
  const KernelRecord* const record = kernel_of(run, kernel);
  return record ? kernel_kind(*record) : "debug";
}

/// When a trial first failed, counted from its begin, or how long it was watched without.
TimeToFailure time_of(const TrialRecord& trial) {
  if (trial.outcome != Outcome::failed) return {std::max(trial.seconds, 0.0), false};
  double first = std::max(trial.seconds, 0.0);
  for (const FindingRecord& finding : trial.findings)
    if (!finding.known && is_of_kernel(finding)) first = std::min(first, std::max(finding.at, 0.0));
  return {first, true};
}

struct SideCounts {
  int trials = 0, failed = 0, completed = 0;
  std::vector<TimeToFailure> times;
};

SideCounts count_side(const std::vector<TrialRef>& side, TrialComparison& trial) {
  SideCounts out;
  for (const TrialRef& ref : side) {
    if (ref.trial->name != trial.name) continue;
    if (ref.trial->outcome == Outcome::error) ++trial.no_verdict;
    if (has_verdict(*ref.trial) && !host_was_well(ref)) ++trial.not_well;
    if (!counts(ref)) continue;
    ++out.trials;
    ++(ref.trial->outcome == Outcome::failed ? out.failed : out.completed);
    out.times.push_back(time_of(*ref.trial));
  }
  return out;
}

TrialComparison compared_trial(const Sides& sides, const std::string& name,
                               const Comparison& comparison) {
  TrialComparison out;
  out.name = name;
  SideCounts base = count_side(sides.base, out);
  SideCounts head = count_side(sides.head, out);
  out.failures = compare_failures(base.failed, base.trials, head.failed, head.trials);
  out.base_completed = base.completed;
  out.head_completed = head.completed;
  out.pairs = static_cast<int>(pairs_of(sides.pairs, name).size());
  out.base_survival = survival(base.times);
  out.head_survival = survival(head.times);
  out.log_rank_p = log_rank_p(base.times, head.times);
  out.base_times = std::move(base.times);
  out.head_times = std::move(head.times);
  out.workloads = throughput_of(sides, name, comparison);
  return out;
}

/// Whether no further pair comes.
bool has_ended(const RunRecord& run, const Comparison& comparison) {
  if (run.outcome != Outcome::running || !run.compare->stopped.empty()) return true;
  return run.compare->pairs > 0 && std::all_of(comparison.trials.begin(), comparison.trials.end(),
                                               [&](const TrialComparison& trial) {
                                                 return trial.pairs >= run.compare->pairs;
                                               });
}

void fill(Comparison& comparison, const Sides& sides, const RunRecord& base,
          const RunRecord& head) {
  comparison.base_run = base.id;
  comparison.head_run = head.id;
  const std::string of_base = kind_of(base, comparison.base);
  const std::string of_head = kind_of(head, comparison.head);
  comparison.kind = of_base == "perf" ? of_head : of_base;
  comparison.perf = comparison.kind == "perf";
  comparison.trust = trust_of(sides, base, head);
  comparison.findings = judge_findings(sides, comparison.incomplete_reports);
  for (const std::string& name : sides.trial_names)
    comparison.trials.push_back(compared_trial(sides, name, comparison));
}

/// Throws UsageError if `run` has no kernel of that name.
void require_kernel(const RunRecord& run, const std::string& kernel) {
  const std::vector<std::string> names = kernels_in_order(run);
  if (std::find(names.begin(), names.end(), kernel) != names.end()) return;
  throw UsageError(fmt::format("run {} has no kernel '{}'", printable(run.id), printable(kernel)),
                   "it has: " + printable(join(names, ", ")));
}

}  // namespace

bool is_comparable(const RunRecord& run) {
  return run.compare || (!run.hunt && kernels_in_order(run).size() == 2);
}

Comparison compare_run(const RunRecord& run) {
  if (!is_comparable(run))
    throw UsageError(fmt::format("run {} does not compare two kernels", printable(run.id)));
  if (!run.compare) {
    const std::vector<std::string> kernels = kernels_in_order(run);
    return compare_runs(run, kernels[0], run, kernels[1]);
  }
  Comparison out;
  out.base = run.compare->base;
  out.head = run.compare->head;
  out.paired = true;
  out.pairs_planned = std::max(run.compare->pairs, 0);
  out.stopped = run.compare->stopped;
  if (run.outcome == Outcome::error || run.outcome == Outcome::interrupted)
    out.outcome = run.outcome;
  const Sides sides = sides_of_pairs(run);
  fill(out, sides, run, run);
  out.ended = has_ended(run, out);
  // One that goes on until everything is answered has had its looks; what cuts it short is one
  // more.
  const bool looks_early = run.compare->pairs <= 0;
  const bool cut_short = !out.stopped.empty() || out.outcome != Outcome::passed;
  judge_throughput(out, sides, {looks_early, looks_early ? cut_short : out.ended});
  conclude(out);
  if (looks_early && !out.ended && out.looks.empty())
    out.open.push_back("everything: there was no look at it yet");
  return out;
}

Comparison compare_runs(const RunRecord& base, const std::string& base_kernel,
                        const RunRecord& head, const std::string& head_kernel) {
  require_kernel(base, base_kernel);
  require_kernel(head, head_kernel);
  if (base.accel != head.accel)
    throw UsageError(fmt::format("run {} ran under '{}' and run {} under '{}': what fails and how "
                                 "fast differs between them",
                                 printable(base.id), printable(base.accel), printable(head.id),
                                 printable(head.accel)),
                     "compare runs of one kind of machine");
  Comparison out;
  out.base = base_kernel;
  out.head = head_kernel;
  const Sides sides = sides_of_kernels(base, base_kernel, head, head_kernel);
  fill(out, sides, base, head);
  conclude(out);
  return out;
}

}  // namespace gridlock
