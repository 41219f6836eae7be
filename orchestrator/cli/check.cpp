// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "campaign/verdict.h"
#include "cli/verbs.h"
#include "topology/topology.h"

namespace gridlock {

void add_check(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("check", "Say what is wrong with topology files");
  auto files = std::make_shared<std::vector<std::string>>();
  verb->add_option("FILE", *files, "Topology files")->type_name("TOPOLOGY")->required();
  verb->callback([files, &context, exit_code] {
    for (const std::string& file : *files) {
      try {
        if (context.home.empty()) {
          load_topology(file);
          if (!context.quiet)
            std::printf(
                "%s: well-formed; its kernels' fragments and patches were not looked for, "
                "since GRIDLOCK_HOME is not set\n",
                file.c_str());
          continue;
        }
        const Plan plan = context.plan(file, {});
        if (!context.quiet)
          std::printf("%s: ok (%zu kernels, %zu nodes, %zu trials)\n", file.c_str(),
                      plan.kernels.size(), plan.nodes.size(), plan.trials.size());
      } catch (const TopologyError& error) {
        std::fprintf(stderr, "%s", error.what());
        *exit_code = kExitUsage;
      } catch (const UsageError& error) {
        std::fprintf(stderr, "%s: error: %s\n", file.c_str(), error.what());
        if (!error.hint().empty()) std::fprintf(stderr, "hint: %s\n", error.hint().c_str());
        *exit_code = kExitUsage;
      }
    }
  });
}

}  // namespace gridlock
