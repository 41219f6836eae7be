// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "campaign/verdict.h"
#include "cli/live_choice.h"
#include "cli/verbs.h"

namespace gridlock {
namespace {

/// The ladder has deadlines of its own; it may wait for a step of the trial before it begins.
constexpr Milliseconds kLimit = std::chrono::minutes(10);

}  // namespace

void add_evidence(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "evidence", "Take evidence of the lab of a run that lives, healthy or held");
  auto choice = std::make_shared<LiveChoice>();
  add_live_options(*verb, *choice, NodeNeeded::no);
  verb->callback([choice, &context, exit_code] {
    LiveNode live = find_live(*choice, NodeNeeded::no, context);
    Json request{{"request", "evidence"}};
    if (!live.name.empty()) request["node"] = live.name;
    const Json taken = live.client.ask(request, kLimit);
    *exit_code = kExitPassed;
    if (context.json) return void(std::printf("%s\n", taken.dump().c_str()));
    std::printf("%s\n%lld files in %s\n", printable(text_or(taken, "diagnosis", ""), 2000).c_str(),
                static_cast<long long>(integer_or(taken, "files", 0)),
                text_or(taken, "folder", "").c_str());
    if (const auto skipped = taken.find("skipped"); skipped != taken.end() && skipped->is_array())
      for (const Json& what : *skipped)
        if (what.is_string())
          std::printf("left out: %s\n", printable(what.get<std::string>()).c_str());
  });
}

}  // namespace gridlock
