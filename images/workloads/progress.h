// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "workloads/pattern.h"

namespace gridlock::mdio {

/// What the worker counts and the sampler reads, in memory that both processes share.
struct Counters {
  std::atomic<std::uint64_t> operations{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> short_transfers{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> bad{0};          ///< sectors
  std::atomic<std::uint64_t> nonresident{0};  ///< pages of the buffer absent before a transfer
  std::atomic<std::uint64_t> resident{0};     ///< pages that could not be evicted
  std::atomic<bool> stop_wanted{false};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<bool>::is_always_lock_free);

/// Runs `work` in a child process and prints its counters every `interval` until it ends; then a
/// last sample and the line `work` returned. A process and not a thread: a worker that hangs or
/// dies inside a page fault keeps the lock of its address space, and a thread would hang with it at
/// its next allocation. SIGTERM sets `stop_wanted`. Returns false if the child died without a line.
bool run_sampled(Counters& counters, std::chrono::milliseconds interval,
                 const std::function<std::string()>& work);

/// The counters in memory shared with children made later; lives as long as the process.
Counters& shared_counters();

/// `{"offset":…,"what":…,"expected":…,"found":…}` or `null`; `base` is added to the offset.
std::string to_json(const std::optional<BadSector>& bad, std::uint64_t base);

/// One line to standard output, whole and at once.
void print_line(const std::string& line);

}  // namespace gridlock::mdio
