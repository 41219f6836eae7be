// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "diagnosis/diagnose.h"

namespace gridlock::diagnosis {

/// A wait that is shown, borrowed from the diagnosis.
struct DrawnWait {
  const Wait* wait;
  bool on_path;
};

/// At most `limit` waits: the path's, then those that touch a party of it, then others.
std::vector<DrawnWait> drawn_waits(const Diagnosis& diagnosis, std::size_t limit);

}  // namespace gridlock::diagnosis
