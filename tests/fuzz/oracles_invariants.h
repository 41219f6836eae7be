// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for the reader of lockdep's figures whatever a node says its file is. Shared by
// the fuzz target and the unit test that replays its seeds.
#pragma once

#include <stdexcept>
#include <string_view>

#include "watch/oracles.h"

namespace gridlock::fuzz {

/// How many figures of `text` were understood; throws what does not hold.
inline std::size_t check_lockdep_stats(std::string_view text) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  const LockdepStats stats = parse_lockdep_stats(text);
  require(stats.tables.size() <= 5, "only known tables are kept");
  for (const auto& [name, use] : stats.tables) require(use.most > 0, "a table has room");
  const LockdepStats whole = parse_lockdep_stats(std::string(text) + "\n cut");
  require(whole.tables.size() >= stats.tables.size(), "an unfinished line is left out");
  return stats.tables.size() + (stats.alive ? 1 : 0);
}

}  // namespace gridlock::fuzz
