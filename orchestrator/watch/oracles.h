// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>

#include "guest/crew.h"

namespace gridlock {

/// What a node's kernel says of its own detectors, read in the node and not from the console.
struct Oracles {
  std::optional<bool> lockdep_alive;   ///< /proc/lockdep_stats `debug_locks:`; absent: no answer
  std::optional<std::uint64_t> taint;  ///< /proc/sys/kernel/tainted
};

/// Asks every node, side by side, at most `limit`.
std::map<NodeId, Oracles> ask_oracles(const Crew& crew, Milliseconds limit, std::stop_token stop);

}  // namespace gridlock
