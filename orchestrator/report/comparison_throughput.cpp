// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/comparison_parts.h"

namespace gridlock::comparison {
namespace {

constexpr double kUsualMargin = 0.05;

const WorkloadRecord* workload_of(const TrialRecord& trial, const std::string& name) {
  const auto it =
      std::find_if(trial.workloads.begin(), trial.workloads.end(),
                   [&](const WorkloadRecord& workload) { return workload.name == name; });
  return it == trial.workloads.end() ? nullptr : &*it;
}

/// The workload of a trial that completed and had a steady window; else none.
const WorkloadRecord* figures_of(const TrialRecord& trial, const std::string& name) {
  if (trial.outcome != Outcome::passed) return nullptr;
  const WorkloadRecord* const workload = workload_of(trial, name);
  const bool has_rate = workload && workload->total.steady &&
                        std::isfinite(workload->total.steady->operations_per_second) &&
                        workload->total.steady->operations_per_second > 0;
  return has_rate ? workload : nullptr;
}

double rate_of(const WorkloadRecord& workload) {
  return workload.total.steady->operations_per_second;
}

/// How evenly the nodes had their share of the operations in the steady window, or of all.
std::optional<Fairness> fairness_between_nodes(const WorkloadRecord& workload) {
  std::vector<double> rates;
  for (const auto& [node, counters] : workload.nodes)
    rates.push_back(counters.steady ? counters.steady->operations_per_second
                                    : static_cast<double>(counters.operations));
  return rates.size() < 2 ? std::nullopt : fairness_of(rates);
}

std::optional<LatencyRecord> median_latency(const std::vector<LatencyRecord>& all) {
  if (all.empty()) return std::nullopt;
  LatencyRecord out;
  for (double LatencyRecord::*const member :
       {&LatencyRecord::p50_us, &LatencyRecord::p90_us, &LatencyRecord::p99_us,
        &LatencyRecord::p999_us, &LatencyRecord::max_us}) {
    std::vector<double> values;
    for (const LatencyRecord& latency : all) values.push_back(latency.*member);
    out.*member = median(std::move(values));
  }
  return out;
}

SideFigures figures_of_side(const std::vector<TrialRef>& side, const std::string& trial_name,
                            const std::string& workload_name) {
  SideFigures out;
  std::vector<double> rates, bytes, shares, jains;
  std::vector<LatencyRecord> latencies;
  for (const TrialRef& ref : side) {
    if (ref.trial->name != trial_name || !counts(ref)) continue;
    const WorkloadRecord* const workload = figures_of(*ref.trial, workload_name);
    if (!workload) continue;
    out.points.push_back({ref.trial->number, rate_of(*workload)});
    rates.push_back(rate_of(*workload));
    bytes.push_back(workload->total.steady->bytes_per_second);
    const auto& latency =
        workload->total.steady->latency ? workload->total.steady->latency : workload->total.latency;
    if (latency) latencies.push_back(*latency);
    if (const auto fairness = fairness_between_nodes(*workload)) {
      shares.push_back(fairness->min_to_max);
      jains.push_back(fairness->jain);
    }
  }
  out.rate = median(std::move(rates));
  out.bytes_rate = median(std::move(bytes));
  out.latency = median_latency(latencies);
  if (!shares.empty()) out.fairness = Fairness{median(std::move(shares)), median(std::move(jains))};
  return out;
}

/// Why the program gave no steady window, as its trials say; empty if it gave one, or never ran.
std::string why_not_steady(const std::vector<TrialRef>& side, const std::string& trial_name,
                           const std::string& workload_name) {
  for (const TrialRef& ref : side) {
    if (ref.trial->name != trial_name || ref.trial->outcome != Outcome::passed) continue;
    const WorkloadRecord* const workload = workload_of(*ref.trial, workload_name);
    if (workload && !workload->total.steady)
      return workload->not_steady.empty() ? "none" : printable(workload->not_steady, 100);
  }
  return {};
}

bool completed_once(const std::vector<TrialRef>& side, const std::string& name) {
  return std::any_of(side.begin(), side.end(), [&](const TrialRef& ref) {
    return ref.trial->name == name && ref.trial->outcome == Outcome::passed;
  });
}

std::string why_not_judged(const Sides& sides, const Comparison& comparison,
                           const std::string& trial_name, const ThroughputComparison& throughput) {
  if (!comparison.paired) return "not run in pairs";
  if (!comparison.perf) return comparison.kind + " kernels";
  for (const auto& [side, kernel] :
       {std::pair(&sides.base, &comparison.base), std::pair(&sides.head, &comparison.head)}) {
    if (side->empty()) return printable(*kernel, 60) + " has not run";
    if (!completed_once(*side, trial_name)) return printable(*kernel, 60) + " never completed";
    if (const std::string why = why_not_steady(*side, trial_name, throughput.workload);
        !why.empty() && throughput.points.empty())
      return "no steady window: " + why;
  }
  return {};
}

}  // namespace

double margin_of(const Sides& sides, const std::string& workload) {
  if (!sides.compare) return kUsualMargin;
  const auto it = sides.compare->margins.find(workload);
  // A damaged one would make everything equal, or nothing.
  return it == sides.compare->margins.end() || !(it->second > 0 && it->second < 1) ? kUsualMargin
                                                                                   : it->second;
}

std::vector<PairPoint> points_of(const std::vector<CountedPair>& pairs,
                                 const std::string& workload) {
  std::vector<PairPoint> points;
  for (const CountedPair& pair : pairs) {
    const WorkloadRecord* const base = figures_of(*pair.base, workload);
    const WorkloadRecord* const head = figures_of(*pair.head, workload);
    if (!base || !head) continue;
    const double log_ratio = std::log(rate_of(*head) / rate_of(*base));
    if (!std::isfinite(log_ratio)) continue;
    points.push_back({pair.pair->number, pair.pair->head_first, pair.base->number,
                      pair.head->number, rate_of(*base), rate_of(*head), log_ratio});
  }
  return points;
}

std::vector<ThroughputComparison> throughput_of(const Sides& sides, const std::string& name,
                                                const Comparison& comparison) {
  std::vector<ThroughputComparison> out;
  for (const std::vector<TrialRef>* const side : {&sides.base, &sides.head})
    for (const TrialRef& ref : *side) {
      if (ref.trial->name != name) continue;
      for (const WorkloadRecord& workload : ref.trial->workloads) {
        const auto same = [&](const ThroughputComparison& one) {
          return one.workload == workload.name;
        };
        if (std::any_of(out.begin(), out.end(), same)) continue;
        out.emplace_back();
        out.back().workload = workload.name;
        out.back().program = workload.program;
        out.back().operation = workload.operation;
      }
    }
  const std::vector<CountedPair> pairs = pairs_of(sides.pairs, name);
  for (ThroughputComparison& one : out) {
    one.margin = margin_of(sides, one.workload);
    one.base = figures_of_side(sides.base, name, one.workload);
    one.head = figures_of_side(sides.head, name, one.workload);
    one.points = points_of(pairs, one.workload);
    one.pairs_without = static_cast<int>(pairs.size() - one.points.size());
    std::vector<double> log_ratios;
    for (const PairPoint& point : one.points) log_ratios.push_back(point.log_ratio);
    one.effect = effect_of(log_ratios);
    one.p = paired_p(log_ratios);
    if (log_ratios.size() >= 2) one.needed = pairs_needed(one.effect.deviation, one.margin);
    one.not_judged = why_not_judged(sides, comparison, name, one);
  }
  return out;
}

}  // namespace gridlock::comparison
