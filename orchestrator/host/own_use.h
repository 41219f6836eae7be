// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/bytes.h"

namespace gridlock {

/// What this process itself has used since it began, all threads together, without its children.
/// Source: getrusage(2), RUSAGE_SELF.
struct OwnUse {
  double cpu_seconds = 0;  ///< user and system
  Bytes peak_memory;       ///< largest resident set so far
};

OwnUse own_use();

}  // namespace gridlock
