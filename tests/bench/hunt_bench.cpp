// SPDX-License-Identifier: GPL-2.0-or-later
// How many trials an hour: those that boot, one after another; those from a formed lab, one after
// another; and those of a hunt, side by side. By turns in one run, with the same outcomes or not.
//   hunt_bench TOPOLOGY KERNEL [TRIALS [BLOCKS]]
// KERNEL must fail in the topology's trial: a hunt ends after so many failures.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "cli/context.h"
#include "compare/rate.h"
#include "host/command_runner.h"
#include "host/files.h"
#include "record/run_reader.h"

namespace gridlock {
namespace {

/// One way to run trials, and what came of it.
struct Way {
  std::string name;
  std::vector<std::string> arguments;
  double seconds = 0;  ///< of the trials, from the first one's begin to the last one's end
  int trials = 0;
  int failed = 0;
  int errors = 0;
  std::map<std::string, int> kinds = {};  ///< trials by the kinds of findings they had
};

void run_block(const Context& context, Way& way, const std::string& topology,
               const std::string& kernel, int seed) {
  const TempDir results(std::filesystem::temp_directory_path());
  Command command;
  command.program = context.installation().programs.parent_path() / "gridlock";
  command.arguments = {"--quiet", way.arguments.front(), topology,    "--kernel",    kernel,
                       "--seed",  std::to_string(seed),  "--results", results.path()};
  command.arguments.insert(command.arguments.end(), way.arguments.begin() + 1, way.arguments.end());
  command.deadline = std::chrono::hours(3);
  context.runner->run(command, context.stop);
  const auto runs = list_runs(results.path());
  if (runs.size() != 1 || runs[0].trials.empty())
    throw Error(way.name + " gave no trial: " + (runs.empty() ? "" : runs[0].reason));
  const RunRecord& run = runs[0];
  for (const TrialRecord& trial : run.trials) {
    way.seconds += run.hunt ? 0 : trial.seconds;
    way.errors += trial.outcome == Outcome::error;
    if (trial.outcome != Outcome::passed && trial.outcome != Outcome::failed) continue;
    ++way.trials;
    way.failed += trial.outcome == Outcome::failed;
    std::set<std::string> kinds;
    for (const FindingRecord& finding : trial.findings)
      if (!finding.known && !finding.secondary) kinds.insert(finding.kind);
    for (const std::string& kind : kinds) ++way.kinds[kind];
  }
  if (run.hunt) way.seconds += run.hunt->seconds;
}

double an_hour(const Way& way) { return 3600 * way.trials / way.seconds; }

int bench(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) throw UsageError("usage: hunt_bench TOPOLOGY KERNEL [TRIALS [BLOCKS]]");
  const int trials = arguments.size() > 3 ? std::atoi(arguments[3].c_str()) : 40;
  const int blocks = arguments.size() > 4 ? std::atoi(arguments[4].c_str()) : 2;
  const Context context = make_context(arguments, {});
  const std::string each = std::to_string(trials / blocks);
  std::vector<Way> ways{
      {"booted, one after another", {"run", "--start", "boot", "--repeat", each}},
      {"formed, one after another", {"run", "--start", "formed", "--repeat", each}},
      {"hunt, side by side", {"hunt", "--start", "formed", "--until", each}}};
  for (int block = 1; block <= blocks; ++block)
    for (Way& way : ways) {
      run_block(context, way, arguments[1], arguments[2], block);
      std::printf("block %d, %s: %d trials, %.0f an hour so far\n", block, way.name.c_str(),
                  way.trials, an_hour(way));
      std::fflush(stdout);
    }
  std::set<std::string> kinds;
  for (const Way& way : ways)
    for (const auto& [kind, count] : way.kinds) kinds.insert(kind);
  const Way& booted = ways.front();
  for (const Way& way : ways) {
    std::printf("%s: %d trials, %.0f an hour, ratio %.2f; %d failed, %d errors\n", way.name.c_str(),
                way.trials, an_hour(way), an_hour(way) / an_hour(booted), way.failed, way.errors);
    if (&way == &booted) continue;
    std::printf("  Fisher, failed: p = %.3f\n",
                fisher_exact(booted.failed, booted.trials, way.failed, way.trials));
    for (const std::string& kind : kinds) {
      const auto count = [&](const Way& of) {
        return of.kinds.contains(kind) ? of.kinds.at(kind) : 0;
      };
      std::printf("  Fisher, %s in %d of %d and %d of %d: p = %.3f\n", kind.c_str(), count(booted),
                  booted.trials, count(way), way.trials,
                  fisher_exact(count(booted), booted.trials, count(way), way.trials));
    }
  }
  return 0;
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  try {
    return gridlock::bench({argv, argv + argc});
  } catch (const gridlock::Error& error) {
    std::fprintf(stderr, "hunt_bench: error: %s\n%s\n", error.what(), error.hint().c_str());
    return 3;
  }
}
