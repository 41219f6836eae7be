// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <string>

namespace gridlock {

/// A cluster member, counted from 1 as corosync and the DLM count it.
struct NodeId {
  int number = 0;
  auto operator<=>(const NodeId&) const = default;
};

inline std::string node_name(NodeId id) { return "node" + std::to_string(id.number); }

}  // namespace gridlock
