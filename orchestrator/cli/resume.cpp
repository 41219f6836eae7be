// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include "campaign/compare.h"
#include "cli/duration_option.h"
#include "cli/fail_on_option.h"
#include "cli/kept_plan.h"
#include "cli/run_output.h"
#include "cli/verbs.h"
#include "record/run_reader.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

struct ResumeChoice {
  std::string run = "latest";
  std::string budget;
  std::string fail_on;
  int pairs = 0;
  std::filesystem::path results;
};

}  // namespace

void add_resume(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb =
      app.add_subcommand("resume", "Go on with a comparison that was interrupted or wants more");
  auto choice = std::make_shared<ResumeChoice>();
  verb->add_option("RUN", choice->run, "A run's folder, its name or the end of it, or 'latest'");
  verb->add_option("--pairs", choice->pairs, "So many pairs of each trial instead")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  verb->add_option("--budget", choice->budget, "So much more time, from now on")
      ->type_name("DURATION");
  add_fail_on(*verb, choice->fail_on);
  verb->add_option("--results", choice->results, "Folder of the results")->type_name("DIR");
  verb->callback([choice, &context, exit_code] {
    Installation installation = context.installation();
    if (!choice->results.empty()) installation.results = choice->results;
    const std::filesystem::path run = find_run(installation.results, choice->run);
    RunRecord record = read_run(run);
    if (!record.compare)
      throw UsageError(record.id + " is no comparison", "only 'gridlock compare' is resumed");
    if (choice->pairs > 0) record.compare->pairs = choice->pairs;
    if (!choice->budget.empty()) {
      const Milliseconds budget = duration_option("--budget ", choice->budget, "2h");
      record.compare->budget_seconds =
          record.seconds + std::chrono::duration<double>(budget).count();
    }
    PlanOptions options;
    options.kernels = {record.compare->base};
    if (record.compare->head != record.compare->base)
      options.kernels.push_back(record.compare->head);
    options.seed = record.seed;
    const std::set<FailOn> fail_on = fail_on_option(choice->fail_on);
    const HostFacts host = context.host_facts();
    const Plan plan = kept_plan(run, options, host);
    const auto progress = make_console_progress(context.progress_style());
    const auto loop = make_qt_event_loop();
    const RunResult result =
        resume_comparison(plan, run, std::move(record), fail_on, installation, host,
                          *context.runner, *progress, *progress, *loop, context.stop);
    *exit_code = show_run(result, *progress, context);
  });
}

}  // namespace gridlock
