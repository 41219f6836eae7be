// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "campaign/cache_keeping.h"
#include "cli/verbs.h"
#include "host/paths.h"
#include "host/processes.h"

namespace gridlock {
namespace {

/// Adds "removed PATH, why (SIZE)" for each.
void tell(const std::vector<RemovedTree>& trees, const char* why, std::vector<std::string>& said) {
  for (const RemovedTree& tree : trees)
    said.push_back(
        fmt::format("removed {}, {} ({})", tree.path.string(), why, to_string(tree.size)));
}

}  // namespace

void add_clean(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "clean", "End and remove what killed runs left: QEMU, sockets, scratch disks");
  const auto cache = std::make_shared<bool>(false);
  verb->add_flag("--cache", *cache,
                 "Also remove what nobody used for two weeks: templates, formed labs and kernel "
                 "workspaces in the cache");
  verb->footer(
      "Results, built kernels and node images are never touched; neither is what a live run or "
      "build uses.");
  verb->callback([cache, &context, exit_code] {
    std::vector<std::string> said = end_leftovers(run_base_directory());
    // A program without a checkout makes nothing in a cache.
    const std::filesystem::path kept =
        context.home.empty() ? std::filesystem::path() : context.installation().cache;
    if (!kept.empty()) tell(remove_half_made(kept), "which a killed run was making", said);
    if (*cache && !kept.empty())
      tell(remove_forgotten(kept, SystemClock{}.utc()), "unused for two weeks", said);
    if (!context.quiet) {
      for (const std::string& what : said) std::printf("%s\n", what.c_str());
      if (said.empty()) std::printf("nothing was left\n");
      if (*cache && !kept.empty())
        std::printf("the cache has %s\n", to_string(disk_use(kept)).c_str());
    }
    *exit_code = 0;
  });
}

}  // namespace gridlock
