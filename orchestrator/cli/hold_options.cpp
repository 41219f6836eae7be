// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/hold_options.h"

#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "base/error.h"

namespace gridlock {

HoldOptions HoldChoice::options() const {
  if (lease.empty()) {
    if (freeze) throw UsageError("--freeze is for a lab that is held", "add --hold-on-failure");
    return {};
  }
  const auto length = parse_duration(lease);
  if (!length || length->count() <= 0)
    throw UsageError("--hold-on-failure=" + lease + " is no duration",
                     "write for instance --hold-on-failure=30m");
  return {*length, freeze};
}

void add_hold_options(CLI::App& verb, HoldChoice& choice) {
  verb.add_flag("--hold-on-failure{30m}", choice.lease,
                "Keep the lab of a trial that failed so long, to look at it; =DURATION");
  verb.add_flag("--freeze", choice.freeze,
                "With --hold-on-failure: pause the nodes of a lab that is held");
}

}  // namespace gridlock
