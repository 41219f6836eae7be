// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "workloads/board.h"

namespace gridlock::mdio {

/// One process of a run.
struct Member {
  enum class Part {
    worker,  ///< ends by itself, or soon after `stop_wanted`
    beside,  ///< goes on until `workers_ended`
  };
  Part part = Part::worker;
  std::string name;  ///< for messages: "worker 1", "observer"
  std::function<void()> work;
  /// Sent every 200 ms once `stop_wanted`, to end what it waits for; it has to be caught. 0: none.
  int waking_signal = 0;
};

/// Runs every member in a process of its own and prints the board's counters every `interval` (0:
/// never) until all have ended; then a last sample and the result. Processes and not threads: what
/// hangs or dies inside a page fault keeps the lock of its address space, and whoever shares that
/// would hang with it. SIGTERM sets `stop_wanted`. Returns false if a member did not end well; why
/// is on standard error.
bool run_members(Board& board, std::chrono::milliseconds interval,
                 const std::vector<Member>& members);

}  // namespace gridlock::mdio
