// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "campaign/lab_memory.h"
#include "cli/plan_options.h"
#include "cli/verbs.h"
#include "plan/plan_text.h"

namespace gridlock {
namespace {

/// Whether the nodes fit the host as it is now.
std::string memory_text(const Plan& plan, const MemoryReading& now) {
  try {
    return "\n" + require_memory(plan, now) + "\n";
  } catch (const Error& error) {
    return fmt::format("\nmemory: {}\n", error.what());
  }
}

}  // namespace

void add_plan(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("plan", "Resolve a topology and print it; starts nothing");
  auto choice = std::make_shared<PlanChoice>();
  add_plan_options(*verb, *choice);
  verb->callback([choice, &context, exit_code] {
    const Plan plan = context.plan(choice->file, choice->options);
    // What changes from one moment to the next is no part of the plan.
    const std::string text = context.json ? to_json(plan).dump(2) + "\n"
                                          : plan_text(plan) + memory_text(plan, read_memory());
    std::fputs(text.c_str(), stdout);
    *exit_code = 0;
  });
}

}  // namespace gridlock
