// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "diagnosis/diagnose.h"
#include "watch/disk_moves.h"

namespace gridlock {

/// A node whose workload did nothing for a while, and what two looks at it have shown.
struct StillNode {
  std::string node;
  bool silent = false;                          ///< it answered nothing
  std::vector<std::string> silent_others = {};  ///< other nodes that answered nothing
  std::set<int> tasks = {};  ///< the workload's threads; empty: the node did not tell
  Milliseconds between{0};   ///< from the first look to the second
  std::optional<std::pair<DiskMoves, DiskMoves>> disk = {};  ///< at both
};

/// Why a workload stands still, if it is not for a circle of waits.
struct Standstill {
  enum class Kind {
    slow,     ///< it moves, by other means than its counter: I/O or a recovery under way
    stopped,  ///< one of its processes is stopped, by whoever sent it SIGSTOP
    spin,     ///< it works in the kernel all the time, and gets nowhere
    stall,    ///< it sleeps, and nothing moves
  };
  Kind kind = Kind::stall;
  std::string text;  ///< what it is up to, with tasks and functions
  /// So many times as long as a node may stand still, this is believed to pass.
  int belief = 1;
};

/// What `diagnosis`, of both looks, says of a node.
Standstill judge_standstill(const diagnosis::Diagnosis& diagnosis, const StillNode& node);

}  // namespace gridlock
