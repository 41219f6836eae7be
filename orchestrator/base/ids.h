// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>

namespace gridlock {

/// A cluster member, counted from 1 as corosync and the DLM count it.
struct NodeId {
  int number = 0;
  auto operator<=>(const NodeId&) const = default;
};

}  // namespace gridlock
