// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "campaign/verdict.h"
#include "cli/verbs.h"
#include "doctor/examine.h"
#include "doctor/read_host_view.h"
#include "host/host_facts.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

constexpr int kSchema = 1;

const char* word_of(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::note:
      return "note";
    case Health::problem:
      return "problem";
  }
  return "";
}

Json json_of(const std::vector<CheckUp>& checks) {
  Json list = Json::array();
  for (const CheckUp& check : checks) {
    Json one{{"about", check.about}, {"state", word_of(check.health)}, {"text", check.text}};
    if (!check.fix.empty()) one["fix"] = check.fix;
    list.push_back(std::move(one));
  }
  return {{"schema", kSchema}, {"ok", !has_problem(checks)}, {"checks", std::move(list)}};
}

/// "problem  memory  1 GiB of …: fix", a line for each.
std::string text_of(const std::vector<CheckUp>& checks, Colour colour) {
  std::size_t width = 0;
  for (const CheckUp& check : checks) width = std::max(width, check.about.size());
  std::string out;
  for (const CheckUp& check : checks) {
    const std::string word = fmt::format("{:<7}", word_of(check.health));
    const char* const code = check.health == Health::ok     ? "\x1b[32m"
                             : check.health == Health::note ? "\x1b[33m"
                                                            : "\x1b[31m";
    out += colour == Colour::on ? code + word + "\x1b[0m" : word;
    out += fmt::format("  {:<{}}  {}", check.about, width, printable(check.text, 400));
    if (!check.fix.empty()) out += "  →  " + printable(check.fix, 400);
    out += "\n";
  }
  return out;
}

/// The plan of a topology, or why there is none.
std::optional<Plan> plan_of(const std::string& file, const HostFacts& facts, CheckUp& check) {
  if (file.empty()) return std::nullopt;
  const Topology topology = load_topology(file);
  try {
    return make_plan(topology, {}, facts);
  } catch (const UsageError& error) {
    check = {"topology", Health::problem, error.what(), error.hint()};
  }
  return std::nullopt;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "doctor",
      "What this host can do, and what to change, a line each; exit status 0 if labs run");
  const auto file = std::make_shared<std::string>();
  verb->add_option("topology", *file, "Look at what the labs of this topology need")
      ->type_name("TOPOLOGY");
  verb->callback([file, &context, exit_code] {
    const HostFacts facts = context.host_facts();
    CheckUp no_plan;
    const std::optional<Plan> plan = plan_of(*file, facts, no_plan);
    const Plan* const wanted = plan ? &*plan : nullptr;
    const Installation installation = context.installation();
    const auto loop = make_qt_event_loop();
    const HostView view =
        read_host_view({installation.cache, installation.results, installation.runs}, facts, wanted,
                       *loop, context.stop);
    std::vector<CheckUp> checks = examine(view, wanted);
    if (!no_plan.about.empty()) checks.insert(checks.begin(), no_plan);
    const std::string text =
        context.json ? json_of(checks).dump(2) + "\n" : text_of(checks, context.colour());
    std::fputs(text.c_str(), stdout);
    *exit_code = has_problem(checks) ? kExitHost : 0;
  });
}

}  // namespace gridlock
