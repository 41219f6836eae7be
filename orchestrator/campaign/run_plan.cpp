// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_plan.h"

#include "campaign/kept_trials.h"
#include "campaign/lab_host.h"
#include "campaign/lab_memory.h"
#include "campaign/prepare.h"
#include "campaign/run_desk.h"
#include "campaign/trial_row.h"
#include "campaign/verdict.h"

namespace gridlock {
namespace {

void run_trials(const Plan& plan, LabHost& host, RunDesk& desk, RunBook& book, TraceDecoder& traces,
                CommandRunner& runner, Progress& progress, TrialObserver& observer,
                std::stop_token stop) {
  book.keep_acceleration(host.acceleration());
  // Before the first trial, so that what is said of it is said at once.
  for (const PlannedTrial& trial : plan.trials) host.source(trial.kernel, trial.start);
  LabHost::Place place = host.place();
  place.set_desk(desk.desk());
  const KeptTrials trials{host, place, book, traces, runner, progress, observer, stop};
  const auto run = [&](const PlannedTrial& trial, SharedLab& shared) {
    return trials.run(trial, &shared);
  };
  run_row(plan.trials, run, stop);
  // The trial itself had come to its end.
  if (desk.desk().interrupted()) throw Cancelled("holding the lab");
}

}  // namespace

RunResult run_plan(const Plan& plan, const Installation& installation, const HostFacts& host,
                   const std::string& command, CommandRunner& runner, Progress& progress,
                   TrialObserver& observer, EventLoop& loop, std::stop_token stop,
                   const HoldOptions& hold) {
  require_memory_here(plan, installation.runs, progress);
  RunBook book(plan, installation, host, command, loop);
  return book.fill([&] {
    const Prepared prepared = prepare(plan, installation, runner, progress, stop);
    book.keep_prepared(plan, prepared);
    LabHost labs(plan, prepared, installation, host, progress, loop, stop);
    RunDesk desk(labs, book.writer().directory(), vmlinux_of(prepared), hold, loop,
                 [&progress](const std::string& line) { progress.note(line); });
    TraceDecoder traces(prepared.kernels, loop,
                        [&progress](const std::string& line) { progress.note(line); });
    run_trials(plan, labs, desk, book, traces, runner, progress, observer, stop);
    judge_run(book.record());
  });
}

}  // namespace gridlock
