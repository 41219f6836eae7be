// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for the readers of lockdep's figures and of OCFS2's states whatever a node says
// its files are. Shared by the fuzz target and the unit test that replays its seeds.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "watch/ocfs2_state.h"
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

/// Likewise of OCFS2's and o2dlm's states.
inline std::size_t check_ocfs2_states(std::string_view text) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  const auto dlm = parse_o2dlm_state(text);
  if (dlm) {
    require(std::ranges::is_sorted(dlm->members), "members rise");
    require(dlm->members.size() <= 255, "members are bounded");
    for (const int member : dlm->members) require(member >= 0 && member < 255, "a node's number");
  }
  const auto mount = parse_ocfs2_state(text);
  require(!parse_ocfs2_state(text.substr(0, text.find('\n'))), "one line says nothing");
  return (dlm ? 1U : 0U) + (mount ? 1U : 0U);
}

}  // namespace gridlock::fuzz
