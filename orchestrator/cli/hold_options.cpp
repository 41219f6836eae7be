// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/hold_options.h"

#include <CLI/CLI.hpp>

#include "cli/duration_option.h"

namespace gridlock {

HoldOptions HoldChoice::options() const {
  if (lease.empty()) {
    if (freeze) throw UsageError("--freeze is for a lab that is held", "add --hold-on-failure");
    return {};
  }
  return {duration_option("--hold-on-failure=", lease, "30m"), freeze};
}

void add_hold_options(CLI::App& verb, HoldChoice& choice) {
  verb.add_flag("--hold-on-failure{30m}", choice.lease,
                "Keep the lab of a trial that failed so long, to look at it; =DURATION");
  verb.add_flag("--freeze", choice.freeze,
                "With --hold-on-failure: pause the nodes of a lab that is held");
}

}  // namespace gridlock
