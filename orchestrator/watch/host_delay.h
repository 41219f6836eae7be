// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <map>

#include "base/clock.h"
#include "base/ids.h"
#include "machine/processor_time.h"

namespace gridlock {

/// How much the host holds its machines back: what their threads waited for one of its processors,
/// against what they ran. Unlike a measurement of pace this needs nothing of the node, disturbs
/// nothing, and tells of any time that has passed.
class HostDelay {
 public:
  /// What a node's machine had used at `now`; calls for one node come in the order of their times.
  void note(NodeId node, SteadyTime now, const ThreadTimes& times);

  /// By how much longer everything took on the nodes since `from`, as the one that was held back
  /// most tells: 1 if none was, at most kSlowest. Nodes wait for each other, so that the slowest
  /// one's pace is everybody's. 1 without two measurements of a node in that time.
  double since(SteadyTime from) const;

 private:
  /// At a time: what the machine used since it was first noted.
  struct Mark {
    SteadyTime at;
    ProcessorTime used;
  };
  struct Node {
    ThreadTimes last;
    std::deque<Mark> marks;  ///< of the last kRemembered, oldest first
  };
  static double of(const Node& node, SteadyTime from);

  std::map<NodeId, Node> nodes_;
};

}  // namespace gridlock
