// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/observed.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "report/summary.h"

namespace gridlock {
namespace {

/// Place of a step in a trial's life; a step without a name comes last.
std::size_t place_of(const std::string& step) {
  static const std::vector<std::string> kSteps{"start",  "connect", "form",    "format",
                                               "mount",  "restore", "join",    "work",
                                               "verify", "clear",   "collect", "stop"};
  return static_cast<std::size_t>(std::find(kSteps.begin(), kSteps.end(), step) - kSteps.begin());
}

/// Whether another trial went on in the lab of `trial`, so that it did not see that lab's end.
bool left_its_lab(const RunRecord& run, const TrialRecord& trial) {
  const int began = trial.lab_of > 0 ? trial.lab_of : trial.number;
  return std::any_of(run.trials.begin(), run.trials.end(), [&](const TrialRecord& later) {
    return later.lab_of == began && later.number > trial.number;
  });
}

/// Whether what printed it is no longer the kernel it was.
bool ends_a_kernel(const FindingRecord& finding) {
  static const std::set<std::string> kKinds{"bug", "oops", "gpf", "panic", "machine", "reboot"};
  return kKinds.contains(finding.kind);
}

bool lockdep_lived(const TrialRecord& trial) {
  return !trial.oracles.empty() &&
         std::all_of(trial.oracles.begin(), trial.oracles.end(),
                     [](const auto& entry) { return entry.second.lockdep_alive == true; });
}

bool detector_lived(const TrialRecord& trial, const FindingRecord& finding) {
  for (const auto& [node, oracle] : trial.oracles) {
    if (oracle.dropped_lines > 0) return false;
    if (finding.kind == "hung_task" && oracle.hung_task_reports_left == 0) return false;
  }
  return finding.kind != "lockdep" || lockdep_lived(trial);
}

/// Whether every failure of `trial` lets it come as far as `finding`, by the places of their steps.
template <class Allows>
bool came_so_far(const RunRecord& run, const TrialRecord& trial, const FindingRecord& finding,
                 Allows allows) {
  if (!has_verdict(trial) || !detector_lived(trial, finding)) return false;
  if (finding.step == "stop" && left_its_lab(run, trial)) return false;
  if (trial.outcome == Outcome::passed) return true;
  return std::all_of(trial.findings.begin(), trial.findings.end(), [&](const FindingRecord& own) {
    return own.known || own.secondary || !is_of_kernel(own) || allows(own);
  });
}

}  // namespace

bool would_have_shown(const RunRecord& run, const TrialRecord& trial,
                      const FindingRecord& finding) {
  const std::size_t place = place_of(finding.step);
  return came_so_far(run, trial, finding, [&](const FindingRecord& own) {
    return ends_a_kernel(own) ? place < place_of(own.step) : place <= place_of(own.step);
  });
}

bool shows_absence(const RunRecord& run, const TrialRecord& trial, const FindingRecord& finding) {
  const std::size_t place = place_of(finding.step);
  return came_so_far(run, trial, finding,
                     [&](const FindingRecord& own) { return place < place_of(own.step); });
}

}  // namespace gridlock
