// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "diagnosis/wait.h"

namespace gridlock::diagnosis {

/// The shortest cycle of waits, each one's `to` the next one's `from` and the last one's `to` the
/// first one's; empty if there is none. It is the shortest of those through the first 64 parties
/// that lead into one.
std::vector<Wait> shortest_cycle(const std::vector<Wait>& waits);

/// The longest chain of waits that form no cycle; of several equally long ones, one whose end is
/// `worse`. Empty if there are no waits. Linear in their number.
std::vector<Wait> longest_chain(const std::vector<Wait>& waits,
                                const std::function<bool(const Party& end)>& worse);

}  // namespace gridlock::diagnosis
