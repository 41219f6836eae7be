// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "trial/desk.h"

namespace CLI {
class App;
}

namespace gridlock {

/// --hold-on-failure[=DURATION] and --freeze as typed.
struct HoldChoice {
  std::string lease;  ///< empty: not asked for
  bool freeze = false;

  /// Throws UsageError.
  HoldOptions options() const;
};

void add_hold_options(CLI::App& verb, HoldChoice& choice);

}  // namespace gridlock
