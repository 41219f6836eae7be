// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string_view>

#include "guest/crew.h"

namespace gridlock {

/// How long the work of `gridlock-pace` may take on a node before that is called slow: more than it
/// takes where nothing else runs (docs/performance.md), since the node's own work shares its processor.
constexpr std::chrono::nanoseconds kNativePace = std::chrono::milliseconds{16};
constexpr std::chrono::nanoseconds kEmulatedPace = std::chrono::milliseconds{45};

/// No machine is given more patience than this.
constexpr double kSlowest = 20;

/// By how much every node is slower now than `reference`: 1 if it is as fast or faster, at most
/// kSlowest, which one is that has not done the work within `limit`. A node that cannot say is
/// absent. Throws Cancelled only.
std::map<NodeId, double> measure_slowness(const Crew& crew, std::chrono::nanoseconds reference,
                                          Milliseconds limit, std::stop_token stop);

/// The same of one node's line; 0: it does not say.
double slowness_of(std::string_view line, std::chrono::nanoseconds reference);

}  // namespace gridlock
