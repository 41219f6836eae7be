// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "campaign/host_health.h"
#include "campaign/kept_trials.h"
#include "campaign/lab_host.h"
#include "campaign/lab_memory.h"
#include "campaign/pairs.h"
#include "campaign/prepare.h"
#include "campaign/run_desk.h"
#include "campaign/verdict.h"
#include "compare/effect.h"
#include "host/host_reading.h"
#include "report/comparison.h"

namespace gridlock {
namespace {

CompareRecord first_record(const Plan& plan, const CompareOptions& options) {
  CompareRecord record;
  record.base = options.base;
  record.head = options.head;
  record.pairs = options.pairs.value_or(0);
  record.same = options.same_pairs;
  record.gates = options.gates;
  record.budget_seconds = std::chrono::duration<double>(options.budget).count();
  record.order_seed = plan.seed;
  record.margins = margins_of(plan, options);
  return record;
}

/// The names of a kernel's trials, in the plan's order.
std::vector<std::string> trial_names(const Plan& plan, const std::string& kernel) {
  std::vector<std::string> names;
  for (const PlannedTrial& trial : plan.trials)
    if (trial.kernel == kernel) names.push_back(trial.name);
  return names;
}

/// How many pairs of each trial there may be.
int most_pairs(const CompareRecord& record) {
  return record.pairs > 0 ? record.pairs : planned_looks().back().pairs;
}

/// The plan with every trial that is meant to run: what a person is told of how far it has come.
Plan with_all_trials(const Plan& plan, const CompareRecord& record) {
  Plan all = plan;
  const std::size_t names = trial_names(plan, record.base).size();
  const auto pairs =
      static_cast<std::size_t>(most_pairs(record) + std::min(record.same, most_pairs(record)));
  all.trials.assign(2 * pairs * names, plan.trials.front());
  return all;
}

/// Runs the pairs of one comparison.
class PairRunner {
 public:
  PairRunner(const Plan& plan, const KeptTrials& trials, int cpus)
      : plan_(plan),
        trials_(trials),
        cpus_(cpus),
        pairs_(trial_names(plan, record().base), most_pairs(record()), record().same,
               record().order_seed) {}

  void run() {
    record().stopped.clear();
    close_interrupted(record());
    // What goes on knows by then how long a pair takes.
    for (const TrialRecord& trial : trials_.book.record().trials)
      longest_ = std::max(longest_, 2 * trial.seconds);
    // Counted from here: that a person interrupted a pair again and again says nothing of the host.
    int spoilt = 0;
    while (const auto next = pairs_.next(record())) {
      if (trials_.stop.stop_requested()) throw Cancelled("comparing");
      if (record().pairs == 0 && is_answered()) break;
      if (const double left = time_left(); left < longest_) return out_of_time();
      const std::string why = run_pair(*next);
      spoilt = why.empty() ? 0 : spoilt + 1;
      if (spoilt > kMostRepeats) return give_up(*next, spoilt, why);
    }
  }

 private:
  CompareRecord& record() const { return *trials_.book.record().compare; }

  /// At a planned look: whether no question is left.
  bool is_answered() const {
    const int complete = pairs_.complete(record());
    const bool look = std::ranges::any_of(
        planned_looks(), [&](const Look& planned) { return planned.pairs == complete; });
    if (!look || complete == looked_at_) return false;
    looked_at_ = complete;
    const Comparison comparison = compare_run(trials_.book.record());
    trials_.progress.note(fmt::format("after {} pairs: {}", complete, sentence(comparison)));
    return comparison.open.empty();
  }

  void give_up(const NextPair& pair, int times, const std::string& why) {
    record().stopped = fmt::format("pair {} of {} was spoilt {} times, the last time since {}",
                                   pair.number, pair.trial, times, why);
  }

  void out_of_time() {
    record().stopped = fmt::format(
        "the budget of {} was used: a pair takes {}",
        to_string(Milliseconds{static_cast<std::int64_t>(1'000 * record().budget_seconds)}),
        to_string(Milliseconds{static_cast<std::int64_t>(1'000 * longest_)}));
  }

  /// Seconds of the budget that are left.
  double time_left() const {
    if (record().budget_seconds <= 0) return std::numeric_limits<double>::infinity();
    trials_.book.save();
    return record().budget_seconds - trials_.book.record().seconds;
  }

  /// Returns why the pair does not count; empty: it does.
  std::string run_pair(const NextPair& next) {
    std::vector<PairRecord>& list = next.same ? record().same_pairs : record().pairs_run;
    const std::size_t index = list.size();
    list.push_back({next.number, next.trial, next.head_first, 0, 0, {}});
    const auto pair = [&]() -> PairRecord& {
      return (next.same ? record().same_pairs : record().pairs_run).at(index);
    };
    double seconds = 0;
    for (const bool head : {next.head_first, !next.head_first}) {
      const TrialRecord trial = run_trial(head && !next.same ? record().head : record().base, next);
      (head ? pair().head_trial : pair().base_trial) = trial.number;
      pair().spoilt = what_spoils(trial);
      seconds += trial.seconds;
      trials_.book.save();
      if (trial.outcome == Outcome::interrupted) throw Cancelled("comparing");
      if (!pair().spoilt.empty()) {
        trials_.progress.note(fmt::format("pair {} of {} does not count: {}", next.number,
                                          next.trial, pair().spoilt));
        break;
      }
    }
    longest_ = std::max(longest_, seconds);
    return pair().spoilt;
  }

  TrialRecord run_trial(const std::string& kernel, const NextPair& next) {
    const auto planned = std::ranges::find_if(plan_.trials, [&](const PlannedTrial& trial) {
      return trial.kernel == kernel && trial.name == next.trial;
    });
    PlannedTrial trial = *planned;
    trial.number = static_cast<int>(trials_.book.record().trials.size()) + 1;
    trial.repetition = next.number;
    trial.seed = trial_seed(plan_.seed, trial.name, next.number);
    trial.lab = LabUse::fresh;
    const HostReading before = read_host(trials_.host.folder());
    return trials_.run(trial, nullptr, [&](TrialRecord& done) {
      done.health = host_health(before, read_host(trials_.host.folder()), plan_, cpus_);
    });
  }

  /// Why a trial's pair does not count; empty: it does. A kernel's failure is a result.
  std::string what_spoils(const TrialRecord& trial) const {
    if (trial.outcome == Outcome::interrupted) return "interrupted";
    if (trial.outcome == Outcome::error)
      return fmt::format("trial {}: {}", trial.number, split(trial.reason, '\n').front());
    if (record().gates && trial.health && !trial.health->problems.empty())
      return fmt::format("trial {}: {}", trial.number, join(trial.health->problems, ", "));
    return {};
  }

  const Plan& plan_;
  const KeptTrials& trials_;
  int cpus_;
  Pairs pairs_;
  double longest_ = 0;         // seconds a pair takes; 0: not known yet
  mutable int looked_at_ = 0;  // after so many pairs
};

/// Outcome and exit code of a comparison that came to its end.
void judge(RunRecord& run, const std::set<FailOn>& fail_on) {
  const Comparison comparison = compare_run(run);
  run.exit_code = exit_code_of(comparison, fail_on);
  run.outcome = run.exit_code == kExitFindings ? Outcome::failed : Outcome::passed;
  run.reason = run.outcome == Outcome::failed ? sentence(comparison) : std::string();
}

RunResult run_pairs(const Plan& plan, RunBook& book, const std::set<FailOn>& fail_on,
                    const Installation& installation, const HostFacts& host, CommandRunner& runner,
                    Progress& progress, TrialObserver& observer, EventLoop& loop,
                    std::stop_token stop) {
  const Plan all = with_all_trials(plan, *book.record().compare);
  return book.fill([&] {
    const Prepared prepared = prepare(plan, installation, runner, progress, stop);
    book.keep_prepared(plan, prepared);
    LabHost labs(all, prepared, installation, host, progress, loop, stop);
    RunDesk desk(labs, book.writer().directory(), vmlinux_of(prepared), {}, loop,
                 [&progress](const std::string& line) { progress.note(line); });
    book.keep_acceleration(labs.acceleration());
    for (const PlannedTrial& trial : plan.trials) labs.source(trial.kernel, trial.start);
    LabHost::Place place = labs.place();
    place.set_desk(desk.desk());
    TraceDecoder traces(prepared.kernels, loop,
                        [&progress](const std::string& line) { progress.note(line); });
    const KeptTrials trials{labs, place, book, traces, runner, progress, observer, stop};
    PairRunner(plan, trials, host.cpus).run();
    judge(book.record(), fail_on);
  });
}

/// What must hold of both kernels before anything is built.
void check(const Plan& plan, const CompareOptions& options) {
  const auto base = trial_names(plan, options.base);
  if (base.empty()) throw UsageError("the topology has no trial for " + options.base);
  if (base != trial_names(plan, options.head))
    throw UsageError(options.base + " and " + options.head + " do not have the same trials",
                     "a comparison needs each trial on both");
}

}  // namespace

std::map<std::string, double> margins_of(const Plan& plan, const CompareOptions& options) {
  std::map<std::string, double> margins;
  for (const WorkloadSpec& workload : plan.workloads) {
    const auto own = options.margins.find(workload.name);
    margins[workload.name] =
        own == options.margins.end() ? options.margin.value_or(workload.margin) : own->second;
  }
  return margins;
}

RunResult compare_kernels(const Plan& plan, const CompareOptions& options,
                          const Installation& installation, const HostFacts& host,
                          const std::string& command, CommandRunner& runner, Progress& progress,
                          TrialObserver& observer, EventLoop& loop, std::stop_token stop) {
  check(plan, options);
  require_memory_here(plan, installation.runs, progress);
  RunBook book(plan, installation, host, command, loop);
  book.record().compare = first_record(plan, options);
  book.save();
  return run_pairs(plan, book, options.fail_on, installation, host, runner, progress, observer,
                   loop, std::move(stop));
}

RunResult resume_comparison(const Plan& plan, const std::filesystem::path& directory,
                            RunRecord record, const std::set<FailOn>& fail_on,
                            const Installation& installation, const HostFacts& host,
                            CommandRunner& runner, Progress& progress, TrialObserver& observer,
                            EventLoop& loop, std::stop_token stop) {
  GRIDLOCK_CHECK(record.compare.has_value(), "a comparison to go on with");
  if (record.plan_hash != plan_hash(plan))
    throw UsageError("the plan of " + record.id + " is not the one it began with",
                     "files that its topology names have changed; begin a new comparison");
  if (record.outcome == Outcome::running) throw UsageError(record.id + " is still running");
  require_memory_here(plan, installation.runs, progress);
  RunBook book(directory, std::move(record), loop);
  return run_pairs(plan, book, fail_on, installation, host, runner, progress, observer, loop,
                   std::move(stop));
}

}  // namespace gridlock
