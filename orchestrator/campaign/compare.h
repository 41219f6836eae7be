// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "campaign/installation.h"
#include "campaign/run_book.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "plan/plan.h"
#include "report/comparison_exit.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// What is compared, and how long.
struct CompareOptions {
  std::string base;  ///< kernels of the plan; the same: base against itself
  std::string head;
  /// Pairs of each trial; absent: looks at 6, 12 and 24, until every question is answered.
  std::optional<int> pairs;
  int same_pairs = 0;                          ///< of base against itself, as a test of the host
  Milliseconds budget{0};                      ///< begin no pair that would end later; 0: no limit
  /// Ratios: effects within it do not matter. Absent: what the plan says of each workload.
  std::optional<double> margin = {};
  std::map<std::string, double> margins = {};  ///< of single workloads
  bool gates = true;                           ///< a pair on a host that was not well is run again
  std::set<FailOn> fail_on = fail_on_everything();
};

/// Within what effects on each workload of the plan do not matter: as the options say of it, else of
/// all, else as the topology does.
std::map<std::string, double> margins_of(const Plan& plan, const CompareOptions& options);

/// Runs every trial on base and on head, back to back in fresh labs, in an order drawn beforehand,
/// again and again, and keeps everything under `installation.results`. A pair that Gridlock or the
/// host spoilt is repeated in the same order; what a kernel did is a result. What breaks on our
/// side is in the record. `plan` has the trials of both kernels once each.
RunResult compare_kernels(const Plan& plan, const CompareOptions& options,
                          const Installation& installation, const HostFacts& host,
                          const std::string& command, CommandRunner& runner, Progress& progress,
                          TrialObserver& observer, EventLoop& loop, std::stop_token stop);

/// Goes on with a comparison that was interrupted or that wants more pairs, in its directory, of
/// which `record`, that of a comparison, was read. Throws UsageError if `plan` is another.
RunResult resume_comparison(const Plan& plan, const std::filesystem::path& directory,
                            RunRecord record, const std::set<FailOn>& fail_on,
                            const Installation& installation, const HostFacts& host,
                            CommandRunner& runner, Progress& progress, TrialObserver& observer,
                            EventLoop& loop, std::stop_token stop);

}  // namespace gridlock
