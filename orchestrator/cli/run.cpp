// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include "campaign/run_plan.h"
#include "cli/hold_options.h"
#include "cli/plan_options.h"
#include "cli/run_output.h"
#include "cli/verbs.h"
#include "trial/qt_event_loop.h"

namespace gridlock {

void add_run(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb =
      app.add_subcommand("run", "Run a topology's trials and say what the kernels did");
  auto choice = std::make_shared<PlanChoice>();
  add_plan_options(*verb, *choice);
  auto results = std::make_shared<std::filesystem::path>();
  verb->add_option("--results", *results, "Folder for the results")->type_name("DIR");
  auto hold = std::make_shared<HoldChoice>();
  add_hold_options(*verb, *hold);
  verb->callback([choice, results, hold, &context, exit_code] {
    Installation installation = context.installation();
    if (!results->empty()) installation.results = *results;
    const HostFacts host = context.host_facts();
    const Plan plan = context.plan(choice->file, choice->options);
    const auto progress = make_console_progress(context.progress_style());
    const auto loop = make_qt_event_loop();
    const RunResult result = run_plan(plan, installation, host, context.command, *context.runner,
                                      *progress, *progress, *loop, context.stop,
                                      hold->options());
    *exit_code = show_run(result, *progress, context);
  });
}

}  // namespace gridlock
