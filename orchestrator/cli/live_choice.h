// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/control_client.h"
#include "record/control_file.h"

namespace CLI {
class App;
}

namespace gridlock {

/// "[RUN] [NODE]" as a person types it.
struct LiveChoice {
  std::vector<std::string> words;
  std::filesystem::path results;
};

/// RUN, NODE and --results: the same for every verb that looks at a run that lives.
enum class NodeNeeded { yes, no, none };
void add_live_options(CLI::App& verb, LiveChoice& choice, NodeNeeded node);

/// A run that lives and, if one was named, a node of its lab.
struct LiveNode {
  LiveRun run;
  ControlClient client;
  Json status;  ///< what the desk says of the lab
  Json node;    ///< of that; null: none was named
  std::string name;
};

/// Finds the run, the newest that lives unless one is named, and connects to it. Throws UsageError
/// if it does not live, or has no such node at the moment.
LiveNode find_live(const LiveChoice& choice, NodeNeeded node, const Context& context);

}  // namespace gridlock
