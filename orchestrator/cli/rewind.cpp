// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "campaign/rewind.h"
#include "cli/duration_option.h"
#include "cli/kept_plan.h"
#include "cli/verbs.h"
#include "record/run_reader.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

struct RewindChoice {
  std::string run = "latest";
  std::string limit = "30m";
  std::filesystem::path results;
  RewindOptions options;
};

}  // namespace

void add_rewind(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "rewind", "Bring a trial's lab back as it was at its last checkpoint, and hold it");
  auto choice = std::make_shared<RewindChoice>();
  verb->add_option("RUN", choice->run, "A run's folder, its name or the end of it, or 'latest'");
  verb->add_option("--trial", choice->options.trial,
                   "The trial's number; default: the last one that failed")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  verb->add_option("--back", choice->options.back, "So many checkpoints before the last one")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000));
  verb->add_flag("--go", choice->options.go, "Let the nodes go on, and print what they report");
  verb->add_option("--for", choice->limit, "How long to hold it; default: 30m")
      ->type_name("DURATION");
  verb->add_option("--results", choice->results, "Folder of the results")->type_name("DIR");
  verb->callback([choice, &context, exit_code] {
    Installation installation = context.installation();
    if (!choice->results.empty()) installation.results = choice->results;
    choice->options.limit = duration_option("--for ", choice->limit, "30m");
    const std::filesystem::path run = find_run(installation.results, choice->run);
    const RunRecord record = read_run(run);
    const TrialRecord& trial = trial_to_rewind(record, choice->options);
    PlanOptions options;
    options.kernels = {trial.kernel};
    options.seed = record.seed;
    const Plan plan = kept_plan(run, options, context.host_facts());
    const auto progress = make_console_progress(context.progress_style());
    const auto loop = make_qt_event_loop();
    rewind(plan, trial, run, choice->options, installation, context.host_facts(), *context.runner,
           *progress, *loop, context.stop, [&progress](const std::string& line) {
             progress->clear();
             std::printf("%s\n", line.c_str());
             std::fflush(stdout);
           });
    *exit_code = 0;
  });
}

}  // namespace gridlock
