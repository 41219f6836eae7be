// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csignal>
#include <cstdint>

#include "workloads/board.h"
#include "workloads/lock_ping_options.h"

namespace gridlock::lock_ping {

/// Ends a wait for a lock, by being caught.
inline constexpr int kWakingSignal = SIGALRM;

/// Lets waits for locks end with EINTR at the waking signal. Before any process of the ring is
/// made: they inherit it.
void catch_waking_signal();

/// One process of the ring, in this process, until the time is up or `board.stop_wanted`. It goes
/// round over the bytes of the lock file: lock the next, count up the counter of that lock, unlock
/// the one before; so it always holds one, and a ring with more locks than processes never stands
/// still. What it did is then in its state file. As ctdb's utils/ping_pong/ping_pong.c, whose locks
/// a second people who run clusters know.
/// Throws if the files cannot be opened; what fails later is counted as an error.
void run_ring(const Options& options, mdio::Board& board, std::uint64_t process,
              mdio::WorkerCounters& counters);

}  // namespace gridlock::lock_ping
