// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/prepare.h"

#include <CLI/CLI.hpp>

#include "cli/plan_options.h"
#include "cli/verbs.h"

namespace gridlock {

void add_prepare(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb =
      app.add_subcommand("prepare", "Build a topology's kernels and the node image; start nothing");
  auto choice = std::make_shared<PlanChoice>();
  add_plan_options(*verb, *choice);
  verb->callback([choice, &context, exit_code] {
    const Plan plan = context.plan(choice->file, choice->options);
    const auto progress = make_console_progress(context.progress_style());
    prepare(plan, context.installation(), *context.runner, *progress, context.stop);
    *exit_code = 0;
  });
}

}  // namespace gridlock
