// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/verbs.h"
#include "host/paths.h"
#include "host/processes.h"

namespace gridlock {

void add_clean(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "clean", "End and remove what killed runs left: QEMU, sockets, scratch disks");
  verb->footer("Results and the cache are never touched; neither are runs that are alive.");
  verb->callback([&context, exit_code] {
    const std::vector<std::string> removed = end_leftovers(run_base_directory());
    if (!context.quiet) {
      for (const std::string& what : removed) std::printf("%s\n", what.c_str());
      if (removed.empty()) std::printf("nothing was left\n");
    }
    *exit_code = 0;
  });
}

}  // namespace gridlock
