// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/comparison_parts.h"

namespace gridlock::comparison {
namespace {

constexpr double kSameAlpha = 0.05;
constexpr std::size_t kMostNamed = 5;

std::vector<std::string> workloads_of(const std::vector<CountedPair>& pairs) {
  std::vector<std::string> names;
  for (const CountedPair& pair : pairs)
    for (const WorkloadRecord& workload : pair.base->workloads)
      if (std::find(names.begin(), names.end(), workload.name) == names.end())
        names.push_back(workload.name);
  return names;
}

/// Base against itself, workload by workload; held to Holm's procedure, so that many workloads do
/// not make a host sick.
SameResult same_result(const Sides& sides) {
  SameResult out;
  out.pairs = static_cast<int>(sides.same.size());
  std::vector<double> p_values;
  for (const std::string& name : sides.trial_names) {
    const std::vector<CountedPair> pairs = pairs_of(sides.same, name);
    for (const std::string& workload : workloads_of(pairs)) {
      std::vector<double> log_ratios;
      for (const PairPoint& point : points_of(pairs, workload))
        log_ratios.push_back(point.log_ratio);
      if (log_ratios.empty()) continue;
      p_values.push_back(paired_p(log_ratios));
      out.workloads.push_back(
          {name, workload, effect_of(log_ratios),
           judge_effect(log_ratios, {margin_of(sides, workload), Better::more, kSameAlpha})});
    }
  }
  const std::vector<bool> differ = holm(p_values, kSameAlpha);
  for (std::size_t i = 0; i < out.workloads.size(); ++i) {
    const EffectVerdict verdict = out.workloads[i].verdict;
    if (verdict != EffectVerdict::better && verdict != EffectVerdict::worse) continue;
    if (differ[i])
      out.host_sick = true;
    else
      out.workloads[i].verdict = EffectVerdict::inconclusive;
  }
  return out;
}

std::optional<double> worst(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::max(*a, *b) : a ? a : b;
}

HostSummary host_summary(const std::vector<const TrialRecord*>& trials) {
  HostSummary out;
  std::map<std::string, std::vector<std::string>> problems;  // by text: trials
  for (const TrialRecord* const trial : trials) {
    if (!trial->health) continue;
    const HealthRecord& health = *trial->health;
    out.memory_available_bytes =
        out.trials == 0 ? health.memory_available_bytes
                        : std::min(out.memory_available_bytes, health.memory_available_bytes);
    ++out.trials;
    out.load = std::max(out.load, health.load);
    out.steal = worst(out.steal, health.steal);
    out.iowait = worst(out.iowait, health.iowait);
    out.other_machines = std::max(out.other_machines, health.other_machines);
    if (std::abs(health.clock_jump_seconds) > std::abs(out.clock_jump_seconds))
      out.clock_jump_seconds = health.clock_jump_seconds;
    for (const std::string& problem : health.problems)
      problems[printable(problem, 200)].push_back(std::to_string(trial->number));
  }
  for (auto& [problem, numbers] : problems) {
    const std::size_t all = numbers.size();
    numbers.resize(std::min(all, kMostNamed));
    out.problems.push_back(
        fmt::format("{} (trial {}{})", problem, join(numbers, ", "),
                    all > kMostNamed ? fmt::format(" and {} more", all - kMostNamed) : ""));
  }
  return out;
}

void add_oracles(ComparisonTrust& trust, const TrialRecord& trial) {
  std::size_t alive = 0;
  bool off = false;
  for (const auto& [node, oracle] : trial.oracles) {
    if (oracle.lockdep_alive == true) ++alive;
    if (oracle.lockdep_alive == false) off = true;
    trust.dropped_lines += oracle.dropped_lines;
    if (oracle.self_check.empty()) continue;
    ++trust.consoles;
    if (oracle.self_check == "agrees") ++trust.consoles_agree;
  }
  if (alive > 0 && alive == trial.oracles.size()) ++trust.lockdep_alive;
  if (off) ++trust.lockdep_off;
}

std::string release_of(const RunRecord& run, const std::vector<TrialRef>& side) {
  if (side.empty()) return {};
  for (const KernelRecord& kernel : run.kernels)
    if (kernel.name == side.front().trial->kernel) return kernel.release;
  return {};
}

std::vector<std::string> differences_of(const RunRecord& base, const RunRecord& head) {
  std::vector<std::string> out;
  const auto compare = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) out.push_back(fmt::format("{}: {} and {}", what, printable(a), printable(b)));
  };
  compare("topology", base.topology, head.topology);
  compare("nodes", std::to_string(base.nodes), std::to_string(head.nodes));
  compare("host", base.host, head.host);
  compare("Gridlock", base.gridlock_version, head.gridlock_version);
  if (out.empty() && base.plan_hash != head.plan_hash)
    out.push_back("plan: something of the lab, the kernels or the workloads");
  return out;
}

}  // namespace

ComparisonTrust trust_of(const Sides& sides, const RunRecord& base, const RunRecord& head) {
  ComparisonTrust trust;
  std::vector<const TrialRecord*> trials;
  for (const std::vector<TrialRef>* const side : {&sides.base, &sides.head})
    for (const TrialRef& ref : *side) trials.push_back(ref.trial);
  trust.trials = static_cast<int>(trials.size());
  trust.host = host_summary(trials);
  for (const TrialRecord* const trial : trials) add_oracles(trust, *trial);
  if (sides.compare) {
    trust.same = same_result(sides);
    trust.order_seed = sides.compare->order_seed;
    for (const auto* const pairs : {&sides.compare->pairs_run, &sides.compare->same_pairs})
      for (const PairRecord& pair : *pairs)
        if (!pair.spoilt.empty()) trust.spoilt.push_back(pair);
  }
  trust.seed = head.seed;
  trust.accel = head.accel;
  trust.accel_reason = head.accel_reason;
  trust.host_text = head.host;
  trust.version = head.gridlock_version;
  if (base.gridlock_version != head.gridlock_version)
    trust.version = base.gridlock_version + ", " + head.gridlock_version;
  trust.base_release = release_of(base, sides.base);
  trust.head_release = release_of(head, sides.head);
  if (&base != &head) trust.differences = differences_of(base, head);
  return trust;
}

}  // namespace gridlock::comparison
