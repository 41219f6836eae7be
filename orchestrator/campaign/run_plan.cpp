// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_plan.h"

#include "campaign/lab_host.h"
#include "campaign/pictures.h"
#include "campaign/prepare.h"
#include "campaign/run_desk.h"
#include "campaign/trial_row.h"
#include "campaign/verdict.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

void run_trials(const Plan& plan, LabHost& host, RunDesk& desk, RunBook& book,
                CommandRunner& runner, Progress& progress, TrialObserver& observer,
                std::stop_token stop) {
  book.record().accel = host.acceleration().acceleration == Acceleration::kvm ? "kvm" : "tcg";
  book.record().accel_reason = host.acceleration().reason;
  book.save();
  // Before the first trial, so that what is said of it is said at once.
  for (const PlannedTrial& trial : plan.trials) host.source(trial.kernel, trial.start);
  LabHost::Place place = host.place();
  place.set_desk(desk.desk());
  const auto run = [&](const PlannedTrial& trial, SharedLab& shared) {
    const std::unique_ptr<TrialWriter> writer = book.writer().begin_trial(trial);
    const NodeSource& source = host.source(trial.kernel, trial.start);
    const TrialRecord record =
        run_trial(place.setting(), trial, source, *writer, observer, stop, &shared);
    book.writer().finish_trial(record);
    book.record().trials.push_back(record);
    book.save();
    // Last: a run that is being stopped draws nothing, and keeps what the trial came to.
    if (const std::string problem = draw_pictures(writer->directory(), runner, stop);
        !problem.empty())
      progress.note(problem);
    return record;
  };
  run_row(plan.trials, run, stop);
  // The trial itself had come to its end.
  if (desk.desk().interrupted()) throw Cancelled("holding the lab");
}

std::map<std::string, std::filesystem::path> vmlinux_of(const Prepared& prepared) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& [name, built] : prepared.kernels) files[name] = built.vmlinux;
  return files;
}

}  // namespace

RunResult run_plan(const Plan& plan, const Installation& installation, const HostFacts& host,
                   const std::string& command, CommandRunner& runner, Progress& progress,
                   TrialObserver& observer, EventLoop& loop, std::stop_token stop,
                   const HoldOptions& hold) {
  RunBook book(plan, installation, host, command, loop);
  return book.fill([&] {
    const Prepared prepared = prepare(plan, installation, runner, progress, stop);
    book.keep_prepared(plan, prepared);
    LabHost labs(plan, prepared, installation, host, progress, loop, stop);
    RunDesk desk(labs, book.writer().directory(), vmlinux_of(prepared), hold, loop,
                 [&progress](const std::string& line) { progress.note(line); });
    run_trials(plan, labs, desk, book, runner, progress, observer, stop);
    judge_run(book.record());
  });
}

}  // namespace gridlock
