// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/plan_options.h"
#include "cli/verbs.h"
#include "plan/plan_text.h"

namespace gridlock {

void add_plan(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("plan", "Resolve a topology and print it; starts nothing");
  auto choice = std::make_shared<PlanChoice>();
  add_plan_options(*verb, *choice);
  verb->callback([choice, &context, exit_code] {
    const Plan plan = context.plan(choice->file, choice->options);
    const std::string text = context.json ? to_json(plan).dump(2) + "\n" : plan_text(plan);
    std::fputs(text.c_str(), stdout);
    *exit_code = 0;
  });
}

}  // namespace gridlock
