// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/fail_on_option.h"

#include <CLI/CLI.hpp>

namespace gridlock {

void add_fail_on(CLI::App& verb, std::string& text) {
  verb.add_option("--fail-on", text,
                  "What exit status 1 or 4 tells, of worse,new-finding,inconclusive; or none")
      ->type_name("LIST");
}

std::set<FailOn> fail_on_option(const std::string& text) {
  return text.empty() ? fail_on_everything() : parse_fail_on(text);
}

}  // namespace gridlock
