// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for the readers of kernel counters whatever a node says its files are. Shared by
// the fuzz target and the unit test that replays its seeds.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string_view>

#include "base/text.h"
#include "watch/kernel_counters.h"

namespace gridlock::fuzz {

/// How many lines of `text` were understood as counters; throws what does not hold.
inline std::size_t check_kernel_counters(std::string_view text) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  std::size_t understood = 0;
  KernelCounters all;
  KernelCounters::Node& node = all.nodes[NodeId{1}];
  node.glocks = parse_sbstats(text);
  understood += node.glocks ? 1 : 0;
  node.locks = parse_lock_stat(text);
  if (node.locks) {
    require(node.locks->classes.size() <= 4096, "the classes are bounded");
    for (const auto& [name, counts] : node.locks->classes) {
      require(!name.empty() && name == printable(name), "a name can be printed");
      require(std::isfinite(counts.wait_us) && counts.wait_us >= 0, "a time is a number");
      ++understood;
    }
  }

  KernelCounters none;
  none.nodes[NodeId{1}] = {GlockCounts{}, LockStat{}};
  const KernelChange change = difference(none, all);
  for (const auto& [name, value] : change.counts)
    require(std::isfinite(value) && value >= 0, "a change is a number");
  require(change.waits.size() <= KernelChange::kWaits, "the locks waited for are few");
  for (const auto& [name, value] : difference(all, all).counts)
    require(value == 0 || name == "lock_stat_cut", "between equal counters nothing happened");
  require(difference(all, all).waits.empty(), "between equal counters nobody waited");
  return understood;
}

}  // namespace gridlock::fuzz
