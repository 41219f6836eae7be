// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/duration.h"
#include "campaign/hunt.h"
#include "cli/duration_option.h"
#include "cli/hold_options.h"
#include "cli/plan_options.h"
#include "cli/run_output.h"
#include "cli/verbs.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

constexpr Milliseconds kUsualLimit = std::chrono::hours(1);

struct HuntChoice {
  PlanChoice plan;
  std::string trial;
  std::string limit;
  HuntOptions options;
  std::filesystem::path results;
};

/// The trials of one kernel that are hunted in.
Plan hunting_ground(const HuntChoice& choice, const Context& context) {
  PlanOptions options = choice.plan.options;
  options.start = options.start.value_or(Start::formed);
  Plan plan = context.plan(choice.plan.file, options);
  std::string names;
  for (const PlannedKernel& kernel : plan.kernels)
    if (kernel.tested) names += " " + kernel.name;
  if (std::ranges::count(plan.kernels, true, &PlannedKernel::tested) > 1) {
    throw UsageError("a hunt is for one kernel, and the topology has" + names,
                     "name one with --kernel");
  }
  if (!choice.trial.empty()) {
    std::erase_if(plan.trials,
                  [&](const PlannedTrial& trial) { return trial.name != choice.trial; });
    if (plan.trials.empty())
      throw UsageError("the topology has no trial called " + choice.trial,
                       "see 'gridlock plan " + choice.plan.file + "'");
  }
  return plan;
}

Milliseconds limit_of(const HuntChoice& choice) {
  if (choice.limit.empty()) return choice.options.until > 0 ? Milliseconds{0} : kUsualLimit;
  return duration_option("--for ", choice.limit, "1h");
}

}  // namespace

void add_hunt(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "hunt", "Repeat trials with new seeds, in labs side by side, and count what fails");
  auto choice = std::make_shared<HuntChoice>();
  add_plan_options(*verb, choice->plan);
  verb->remove_option(verb->get_option("--repeat"));
  verb->add_option("--trial", choice->trial, "Only this trial; default: all, by turns")
      ->type_name("NAME");
  verb->add_option("--for", choice->limit,
                   "Begin no trial after this time; default: 1h, or none "
                   "with --until")
      ->type_name("DURATION");
  verb->add_option("--until", choice->options.until, "Begin no trial after so many have failed")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  verb->add_option("--labs", choice->options.labs,
                   "Labs side by side; default: as many as memory and processors allow")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  verb->add_option("--keep", choice->options.keep,
                   "Keep the folders of so many trials of each identity")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000));
  verb->add_option("--results", choice->results, "Folder for the results")->type_name("DIR");
  auto hold = std::make_shared<HoldChoice>();
  add_hold_options(*verb, *hold);
  for (const char* const option : {"--hold-on-failure", "--freeze"})
    verb->get_option(option)->group("");
  verb->callback([choice, hold, &context, exit_code] {
    if (hold->options().lease)
      throw UsageError("a hunt holds no lab: it goes on beside it and counts",
                       "'gridlock rewind' brings back the lab of a trial it kept");
    Installation installation = context.installation();
    if (!choice->results.empty()) installation.results = choice->results;
    choice->options.limit = limit_of(*choice);
    const HostFacts host = context.host_facts();
    const Plan plan = hunting_ground(*choice, context);
    const auto progress = make_console_progress(context.progress_style());
    const auto loop = make_qt_event_loop();
    const RunResult result = hunt(plan, choice->options, installation, host, context.command,
                                  *context.runner, *progress, *loop, context.stop);
    *exit_code = show_run(result, *progress, context);
  });
}

}  // namespace gridlock
