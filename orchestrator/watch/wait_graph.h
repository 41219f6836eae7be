// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace gridlock {

/// What one node's kernel says of its locks at one moment.
struct NodeDump {
  NodeId node;
  std::string glocks;     ///< debugfs gfs2/<table>/glocks
  std::string dlm_locks;  ///< debugfs dlm/<lockspace>_locks; empty with lock_nolock
};

/// Tasks that wait for each other's glocks in a circle.
struct Deadlock {
  std::string identity;       ///< "deadlock:gfs2:2nodes:[DF>SH inode]x2", the same in every boot
  std::string sentence;       ///< the circle in words, with nodes, tasks and glocks
  std::vector<NodeId> nodes;  ///< that take part, each once, in order
  int tasks = 0;
  int glocks = 0;

  std::string title() const;  ///< "deadlock: node1 <-> node2, 2 glocks"
};

/// Looks for the shortest circle of waits in two dumps of the same nodes, taken at least a second
/// apart: a wait counts only if it is in both, with the same task in its way. A task waits for
/// those that hold the glock on its own node in an incompatible mode or were queued before it, and
/// for the holders on every other node whose cluster lock is incompatible.
/// The dumps are not trusted: time and memory stay bounded whatever they say.
std::optional<Deadlock> find_deadlock(const std::vector<NodeDump>& first,
                                      const std::vector<NodeDump>& second);

}  // namespace gridlock
