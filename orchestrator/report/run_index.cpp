// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/text.h"
#include "report/comparison.h"
#include "report/html_parts.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestName = 80;
constexpr std::size_t kLongestHeadline = 300;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::vector<IndexedRun::Rate> rates_of(const RunRecord& run) {
  const auto is_perf = [&](const std::string& name) {
    const auto kernel = std::ranges::find(run.kernels, name, &KernelRecord::name);
    return kernel != run.kernels.end() && kernel->perf && !kernel->prebuilt;
  };
  std::map<std::pair<std::string, std::string>, std::vector<double>> seen;
  for (const TrialRecord& trial : run.trials) {
    if (trial.outcome != Outcome::passed || !is_perf(trial.kernel)) continue;
    for (const WorkloadRecord& workload : trial.workloads)
      if (workload.total.steady && std::isfinite(workload.total.steady->operations_per_second))
        seen[{workload.name, trial.kernel}].push_back(workload.total.steady->operations_per_second);
  }
  std::vector<IndexedRun::Rate> rates;
  for (const auto& [of, values] : seen)
    rates.push_back(
        {printable(of.first, kLongestName), printable(of.second, kLongestName), median_of(values)});
  return rates;
}

std::string headline_of(const RunRecord& run) {
  if (run.topology.empty()) return "unreadable: " + first_line(run.reason);
  const bool compared = run.compare && run.outcome != Outcome::error && !run.trials.empty();
  return compared ? sentence(compare_run(run)) : plain_sentence(run);
}

}  // namespace

IndexedRun index_run(const RunRecord& run) {
  IndexedRun indexed;
  indexed.id = printable(run.id, kLongestName);
  indexed.topology = printable(run.topology, kLongestName);
  indexed.outcome = run.outcome;
  indexed.started = run.started;
  indexed.seconds = run.seconds;
  indexed.accel = printable(run.accel, kLongestName);
  for (const std::string& name : kernels_in_order(run)) {
    const auto kernel = std::ranges::find(run.kernels, name, &KernelRecord::name);
    indexed.kernels.push_back(
        printable(name, kLongestName) +
        (kernel == run.kernels.end()
             ? ""
             : fmt::format(" {} ({})", printable(kernel->release, kLongestName),
                           kernel_kind(*kernel))));
  }
  indexed.headline = clipped_text(headline_of(run), kLongestHeadline);
  indexed.rates = rates_of(run);
  indexed.version = printable(run.gridlock_version, kLongestName);
  return indexed;
}

}  // namespace gridlock
