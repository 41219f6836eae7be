// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "support/sample_run.h"

namespace gridlock {

/// One trial of a comparison that is being made up.
struct SamplePair {
  int number = 0;  ///< from 1
  bool is_head = false;
};

inline void with_rate(TrialRecord& trial, double operations_per_second) {
  WorkloadRecord& workload = trial.workloads.at(0);
  workload.steady_begin = 2;
  workload.steady_end = 19;
  const LatencyRecord latency{900, 1500, 2400, 5000, 9000};
  workload.total.steady =
      SteadyRecord{operations_per_second, operations_per_second * 65'536, latency};
  for (auto& [node, counters] : workload.nodes)
    counters.steady =
        SteadyRecord{operations_per_second / 2, operations_per_second * 32'768, std::nullopt};
}

/// Makes `trial` one that failed with `finding` and was cut short by it.
inline void fail_with(TrialRecord& trial, const FindingRecord& finding) {
  trial.outcome = trial.workloads.at(0).outcome = Outcome::failed;
  trial.expected = trial.expect == Expectation::fail;
  trial.findings.push_back(finding);
  trial.reason = finding.title;
  trial.workloads.at(0).total.steady.reset();
}

/// A comparison of `pairs` pairs of one trial, `name`, of kernels that measure throughput: 100
/// operations a second on both, with a noise of about 1 % that is the same each time. `change` may
/// do something to each trial.
inline RunRecord sample_comparison(
    int pairs, const std::function<void(TrialRecord&, const SamplePair&)>& change = {},
    const std::string& name = "mmap-dio") {
  RunRecord run = sample_run();
  run.kernels = {sample_kernel("patched", ""), sample_kernel("unpatched", "patched")};
  for (KernelRecord& kernel : run.kernels) kernel.perf = true;
  run.compare = CompareRecord{"unpatched", "patched", pairs, 0, true, 0, 99, {{name, 0.05}}, {}, {}, ""};
  run.command = "./lab compare topologies/gfs2-mmap-dio.yaml --base unpatched --head patched";
  int number = 0;
  for (int pair = 1; pair <= pairs; ++pair) {
    PairRecord record{pair, name, pair % 2 == 0, 0, 0, ""};
    for (const bool second : {false, true}) {
      const bool is_head = second != record.head_first;
      TrialRecord trial = sample_trial(++number, is_head ? "patched" : "unpatched", name);
      trial.started += std::chrono::seconds(60) * number;
      with_rate(trial, 100 * std::exp(0.01 * std::sin(7.0 * number)));
      trial.health = HealthRecord{0.5, 0.001, 0.01, 9'000'000'000, 0, 0, {}};
      if (change) change(trial, {pair, is_head});
      (is_head ? record.head_trial : record.base_trial) = number;
      run.trials.push_back(std::move(trial));
    }
    run.compare->pairs_run.push_back(record);
  }
  return run;
}

/// Adds pairs of base against itself, the second of each `factor` times as fast.
inline void add_same_pairs(RunRecord& run, int pairs, double factor,
                           const std::string& name = "mmap-dio") {
  for (int pair = 1; pair <= pairs; ++pair) {
    PairRecord record{pair, name, false, 0, 0, ""};
    for (const bool second : {false, true}) {
      const int number = static_cast<int>(run.trials.size()) + 1;
      TrialRecord trial = sample_trial(number, "unpatched", name);
      with_rate(trial, 100 * std::exp(0.01 * std::sin(7.0 * number)) * (second ? factor : 1));
      (second ? record.head_trial : record.base_trial) = number;
      run.trials.push_back(std::move(trial));
    }
    run.compare->same_pairs.push_back(record);
  }
}

/// The deadlock the demo is about.
inline FindingRecord sample_deadlock() {
  FindingRecord finding =
      sample_finding("f1", "deadlock", "deadlock: node1 <-> node2, 2 glocks", 30);
  finding.function = "gfs2_glock_nq";
  return finding;
}

}  // namespace gridlock
