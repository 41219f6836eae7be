// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/hunt_tally.h"

#include <algorithm>
#include <set>

#include "report/summary.h"

namespace gridlock {
namespace {

double seconds_between(UtcTime from, UtcTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

HuntTally tally(const RunRecord& run) {
  HuntTally out;
  const UtcTime began = run.hunt ? run.hunt->began : run.started;
  int verdicts = 0;
  int failures = 0;
  std::vector<int> counts;
  for (const TrialRecord& trial : run.trials) {
    if (!has_verdict(trial)) {
      out.errors += trial.outcome == Outcome::error ? 1 : 0;
      continue;
    }
    ++verdicts;
    const double from = seconds_between(began, trial.started);
    if (trial.outcome == Outcome::failed) {
      ++failures;
      const double at = from + trial.seconds;
      if (out.first_trial == 0 || at < out.first_at) {
        out.first_at = at;
        out.first_trial = trial.number;
      }
    }
    std::set<std::string> seen;
    for (const FindingRecord& finding : trial.findings) {
      if (finding.secondary || !is_of_kernel(finding) || !seen.insert(finding.identity).second)
        continue;
      auto found =
          std::find_if(out.findings.begin(), out.findings.end(),
                       [&](const HuntedFinding& one) { return one.identity == finding.identity; });
      const double at = from + finding.at;
      if (found == out.findings.end()) {
        out.findings.push_back(
            {finding.identity, finding.title, finding.known, {}, trial.number, at, {}});
        found = out.findings.end() - 1;
      }
      ++found->rate.count;
      if (at < found->first_at) {
        found->first_at = at;
        found->first_trial = trial.number;
      }
      if (!trial.directory.empty()) found->folders.push_back(trial.directory);
    }
  }
  out.failing = exact_rate(failures, verdicts);
  for (HuntedFinding& finding : out.findings)
    finding.rate = exact_rate(finding.rate.count, verdicts);
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const HuntedFinding& a, const HuntedFinding& b) {
                     return a.known != b.known ? b.known : a.rate.count > b.rate.count;
                   });
  return out;
}

}  // namespace gridlock
