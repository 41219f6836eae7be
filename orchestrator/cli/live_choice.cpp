// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/live_choice.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr Milliseconds kStatusLimit{10'000};

Json node_in(const Json& status, const std::string& name) {
  if (const auto nodes = status.find("nodes"); nodes != status.end() && nodes->is_array())
    for (const Json& node : *nodes)
      if (node.is_object() && text_or(node, "name", "") == name) return node;
  return nullptr;
}

/// What is said of a run whose lab lacks the node.
[[noreturn]] void refuse(const LiveRun& run, const Json& status, const std::string& name) {
  const std::string id = run.directory.filename().string();
  if (!status.contains("nodes"))
    throw UsageError(fmt::format("the run {} has no lab at the moment", id),
                     "it prepares one, or is between two trials");
  std::vector<std::string> names;
  for (const Json& node : status["nodes"]) names.push_back(text_or(node, "name", ""));
  throw UsageError(fmt::format("the lab of {} has no node '{}'; it has {}", id, printable(name, 60),
                               printable(join(names, ", "))));
}

}  // namespace

void add_live_options(CLI::App& verb, LiveChoice& choice, NodeNeeded node) {
  const char* const names = node == NodeNeeded::none ? "RUN"
                            : node == NodeNeeded::no ? "[RUN] [NODE]"
                                                     : "[RUN] NODE";
  verb.add_option(names == std::string("RUN") ? "RUN" : "WORDS", choice.words,
                  std::string(names) +
                      ": a run's folder, its name or the end of it; default: the newest that lives")
      ->expected(node == NodeNeeded::yes ? 1 : 0, node == NodeNeeded::none ? 1 : 2)
      ->type_name(names)
      ->required(node == NodeNeeded::yes);
  verb.add_option("--results", choice.results, "Folder of the results")->type_name("DIR");
}

LiveNode find_live(const LiveChoice& choice, NodeNeeded needed, const Context& context) {
  const auto results = choice.results.empty() ? context.home / "results" : choice.results;
  const auto& words = choice.words;
  const auto connect = [&](const std::string& run) {
    LiveRun live = find_live_run(results, run);
    ControlClient client(live.socket, context.stop);
    Json status = client.ask({{"request", "status"}}, kStatusLimit);
    return LiveNode{std::move(live), std::move(client), std::move(status), nullptr, {}};
  };
  if (needed == NodeNeeded::none) return connect(words.empty() ? "" : words.front());
  if (words.size() == 2 || words.empty()) {
    LiveNode found = connect(words.empty() ? "" : words.front());
    if (words.empty()) return found;
    found.name = words.back();
    found.node = node_in(found.status, found.name);
    if (found.node.is_null()) refuse(found.run, found.status, found.name);
    return found;
  }
  // One word is a node of the newest run that lives or, where none is needed, a run.
  const std::string& word = words.front();
  std::optional<LiveNode> newest;
  try {
    newest.emplace(connect(""));
    newest->node = node_in(newest->status, word);
  } catch (const UsageError&) {
    // None lives. Of a run that was named more can be said.
    if (needed == NodeNeeded::yes) throw;
  }
  if (newest && !newest->node.is_null()) {
    newest->name = word;
    return std::move(*newest);
  }
  if (needed == NodeNeeded::yes) refuse(newest->run, newest->status, word);
  try {
    return connect(word);
  } catch (const UsageError& error) {
    if (!newest) throw;
    throw UsageError(fmt::format("{}, and the lab of {} has no such node", error.what(),
                                 newest->run.directory.filename().string()),
                     error.hint());
  }
}

}  // namespace gridlock
