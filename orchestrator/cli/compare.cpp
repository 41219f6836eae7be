// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/compare.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/share.h"
#include "base/text.h"
#include "cli/duration_option.h"
#include "cli/fail_on_option.h"
#include "cli/plan_options.h"
#include "cli/run_output.h"
#include "cli/verbs.h"
#include "host/files.h"
#include "record/run_reader.h"
#include "report/comparison.h"
#include "report/comparison_exit.h"
#include "report/comparison_text.h"
#include "report/joined_runs.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

struct CompareChoice {
  std::vector<std::string> what;
  std::string pairs = "6";
  std::string budget;
  std::string fail_on;
  std::filesystem::path page;
  std::vector<std::string> margins;
  bool ungated = false;
  bool bisect_run = false;
  PlanOptions plan;
  CompareOptions options;
  std::filesystem::path results;
};

/// Whether `what` is a topology's file and not a run.
bool is_topology(const std::string& what) {
  return what.ends_with(".yaml") || what.ends_with(".yml");
}

double margin_of(const std::string& text) {
  if (const auto margin = parse_share(text)) return *margin;
  throw UsageError("--margin " + text + " is no margin",
                   "write for instance --margin 5% or --margin stream=3%");
}

CompareOptions options_of(const CompareChoice& choice) {
  CompareOptions options = choice.options;
  if (choice.pairs != "auto") {
    const auto pairs = number<int>(choice.pairs, 10);
    if (!pairs || *pairs < 1 || *pairs > 10'000)
      throw UsageError("--pairs " + choice.pairs + " is no number of pairs",
                       "write --pairs 12, or --pairs auto");
    options.pairs = pairs;
  }
  if (!choice.budget.empty()) options.budget = duration_option("--budget ", choice.budget, "2h");
  for (const std::string& text : choice.margins) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      options.margin = margin_of(text);
    else
      options.margins[text.substr(0, equals)] = margin_of(text.substr(equals + 1));
  }
  options.gates = !choice.ungated;
  options.fail_on = fail_on_option(choice.fail_on);
  return options;
}

int exit_of(const Comparison& comparison, const CompareChoice& choice,
            const CompareOptions& options) {
  return choice.bisect_run ? bisect_answer(comparison) : exit_code_of(comparison, options.fail_on);
}

/// Runs the pairs of a topology.
int compare_topology(const CompareChoice& choice, CompareOptions options, Context& context) {
  if (options.base.empty() || options.head.empty())
    throw UsageError("which kernels are to be compared is not said",
                     "name them with --base and --head");
  Installation installation = context.installation();
  if (!choice.results.empty()) installation.results = choice.results;
  PlanOptions plan_options = choice.plan;
  plan_options.kernels = {options.base};
  if (options.head != options.base) plan_options.kernels.push_back(options.head);
  const Plan plan = context.plan(choice.what.front(), plan_options);
  for (const auto& [workload, margin] : options.margins) static_cast<void>(plan.workload(workload));
  const auto progress = make_console_progress(context.progress_style());
  const auto loop = make_qt_event_loop();
  const RunResult result =
      compare_kernels(plan, options, installation, context.host_facts(), context.command,
                      *context.runner, *progress, *progress, *loop, context.stop);
  const int code = show_run(result, *progress, context);
  return choice.bisect_run ? bisect_answer(compare_run(result.record)) : code;
}

/// The kernel of a run that is compared: the one that was named, or the only one.
std::string kernel_of(const RunRecord& run, const std::string& named, const char* option) {
  if (!named.empty()) return named;
  if (run.kernels.size() == 1) return run.kernels.front().name;
  std::string names;
  for (const KernelRecord& kernel : run.kernels) names += " " + kernel.name;
  throw UsageError("which kernel of " + run.id + " is meant is not said; it has" + names,
                   std::string("name one with ") + option);
}

/// Compares what is kept of one run or two.
int compare_kept(const CompareChoice& choice, const CompareOptions& options,
                 const Context& context) {
  const std::filesystem::path results =
      choice.results.empty() ? context.installation().results : choice.results;
  const std::filesystem::path base_folder = find_run(results, choice.what.front());
  const RunRecord base = read_run(base_folder);
  std::string where = base_folder.string();
  const Comparison comparison = [&] {
    if (choice.what.size() == 1) return compare_run(base);
    const std::filesystem::path head_folder = find_run(results, choice.what.back());
    const RunRecord head = read_run(head_folder);
    where += " and " + head_folder.string();
    const KeptKernel base_kernel{base, base_folder, kernel_of(base, options.base, "--base")};
    const KeptKernel head_kernel{head, head_folder, kernel_of(head, options.head, "--head")};
    Comparison of_both = compare_runs(base, base_kernel.kernel, head, head_kernel.kernel);
    if (!choice.page.empty())
      write_file_atomically(choice.page,
                            html_of_runs(base_kernel, head_kernel,
                                         std::filesystem::absolute(choice.page).parent_path()));
    return of_both;
  }();
  std::fputs(comparison_text(comparison, context.command, where, context.colour()).c_str(), stdout);
  return exit_of(comparison, choice, options);
}

}  // namespace

void add_compare(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "compare", "Compare two kernels: run their trials in pairs, or take runs that were kept");
  auto choice = std::make_shared<CompareChoice>();
  verb->add_option("WHAT", choice->what, "A topology's file; or a run, or two: base and head")
      ->type_name("TOPOLOGY")
      ->required()
      ->expected(1, 2);
  verb->add_option("--base", choice->options.base, "The kernel that is compared with")
      ->type_name("KERNEL");
  verb->add_option("--head", choice->options.head, "The kernel that is judged")
      ->type_name("KERNEL");
  verb->add_option("--pairs", choice->pairs,
                   "Pairs of each trial; auto: until every question is answered, at most 24")
      ->type_name("N")
      ->capture_default_str();
  verb->add_option("--budget", choice->budget, "Begin no pair that would end after this time")
      ->type_name("DURATION");
  verb->add_option("--same-pairs", choice->options.same_pairs,
                   "Pairs of base against itself, as a test of the host")
      ->type_name("N")
      ->check(CLI::Range(0, 10'000));
  verb->add_option("--margin", choice->margins,
                   "Effects within it do not matter, as 5% or WORKLOAD=3%; default: the "
                   "topology's")
      ->type_name("MARGIN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->add_flag("--any-host", choice->ungated,
                 "Count pairs also if the host was not well meanwhile");
  add_fail_on(*verb, choice->fail_on);
  verb->add_option("--html", choice->page, "Of two runs: write a page to this file, too")
      ->type_name("FILE");
  verb->add_flag("--bisect-run", choice->bisect_run,
                 "Answer for 'git bisect run': 0 good, 1 bad, 125 cannot be told");
  verb->add_option("--seed", choice->plan.seed, "Seed of the order and of all that is drawn")
      ->type_name("N");
  verb->add_option("--start", choice->plan.start, "Where nodes begin: boot, template or formed")
      ->type_name("boot|template|formed")
      ->transform(CLI::CheckedTransformer(start_words()));
  verb->add_option("--results", choice->results, "Folder for the results")->type_name("DIR");
  verb->callback([choice, &context, exit_code] {
    const CompareOptions options = options_of(*choice);
    if (!choice->page.empty() && choice->what.size() != 2)
      throw UsageError("--html is for two runs that were kept",
                       "a run of its own has its page in its folder: report.html");
    if (choice->what.size() == 1 && is_topology(choice->what.front()))
      *exit_code = compare_topology(*choice, options, context);
    else
      *exit_code = compare_kept(*choice, options, context);
  });
}

}  // namespace gridlock
