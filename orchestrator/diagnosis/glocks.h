// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string_view>

#include "console/glock_dump.h"

namespace gridlock::diagnosis {

/// How much a dump of glocks holds.
struct GlockCounts {
  std::size_t glocks = 0;
  std::size_t holders = 0;  ///< that have their glock
  std::size_t waiters = 0;
};

/// Adds the names of the glocks that a task waits for, while there are fewer than 65536.
GlockCounts collect_waited_glocks(std::string_view text, std::set<GlockName>& waited);

/// The glocks of a dump that are in `waited`: of a million that are cached few are in somebody's
/// way.
std::map<GlockName, Glock> read_glocks(std::string_view text, const std::set<GlockName>& waited);

}  // namespace gridlock::diagnosis
