// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace gridlock {
namespace {

/// A kernel that is expected to fail as a whole must fail in at least one trial.
void expect_some_failure(RunRecord& run) {
  std::map<std::string, std::vector<TrialRecord*>> whole;
  for (TrialRecord& trial : run.trials)
    if (trial.any_of_kernel) whole[trial.kernel].push_back(&trial);
  for (auto& [kernel, trials] : whole) {
    const bool failed = std::any_of(trials.begin(), trials.end(), [](const TrialRecord* trial) {
      return trial->outcome == Outcome::failed;
    });
    if (failed) continue;
    for (TrialRecord* trial : trials) trial->expected = trial->outcome != Outcome::passed;
  }
}

}  // namespace

void judge_run(RunRecord& run) {
  expect_some_failure(run);
  const auto conclude = [&](Outcome outcome, int code, std::string reason) {
    run.outcome = outcome;
    run.exit_code = code;
    run.reason = std::move(reason);
  };
  const auto name = [](const TrialRecord& trial) { return trial.kernel + " " + trial.name; };
  for (const TrialRecord& trial : run.trials)
    if (trial.outcome == Outcome::interrupted)
      return conclude(Outcome::interrupted, kExitInterrupted, trial.reason);
  for (const TrialRecord& trial : run.trials)
    if (trial.outcome == Outcome::error)
      return conclude(Outcome::error, kExitHost,
                      name(trial) + ": " + split(trial.reason, '\n').front());
  for (const TrialRecord& trial : run.trials) {
    if (trial.expected) continue;
    return conclude(Outcome::failed, kExitFindings,
                    trial.outcome == Outcome::passed
                        ? name(trial) + " was expected to fail and passed"
                        : name(trial) + ": " + trial.reason);
  }
  if (run.trials.empty()) return conclude(Outcome::error, kExitHost, "no trial was run");
  conclude(Outcome::passed, kExitPassed, "");
}

}  // namespace gridlock
