// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "campaign/verdict.h"
#include "cli/live_choice.h"
#include "cli/verbs.h"

namespace gridlock {
namespace {

/// Nodes of a lab that was saved long ago take their time to go on.
constexpr Milliseconds kLimit{180'000};

struct ReleaseChoice {
  LiveChoice live;
  bool go = false;
};

}  // namespace

void add_release(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("release", "End the hold on a lab; its run goes on");
  auto choice = std::make_shared<ReleaseChoice>();
  add_live_options(*verb, choice->live, NodeNeeded::none);
  verb->add_flag("--go", choice->go, "Let its paused nodes go on instead, and hold it further");
  verb->callback([choice, &context, exit_code] {
    LiveNode live = find_live(choice->live, NodeNeeded::none, context);
    live.client.ask({{"request", choice->go ? "go" : "release"}}, kLimit);
    std::printf("%s: %s\n", live.run.directory.filename().c_str(),
                choice->go ? "the nodes go on" : "the lab is released");
    *exit_code = kExitPassed;
  });
}

}  // namespace gridlock
