// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "cli/man_page.h"
#include "cli/verbs.h"

namespace gridlock {
namespace {

/// Of a page that is made now.
std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[sizeof "2026-11-26"];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

void add_man(CLI::App& app, Context&, int* exit_code) {
  auto* const verb = app.add_subcommand("man", "Print the manual page");
  verb->footer(
      "To read it, or to have it where man looks:\n"
      "  gridlock man | man -l -\n"
      "  gridlock man > ~/.local/share/man/man1/gridlock.1");
  verb->callback([&app, exit_code] {
    std::fputs(man_page(command_text(app), GRIDLOCK_VERSION, today()).c_str(), stdout);
    *exit_code = 0;
  });
}

}  // namespace gridlock
