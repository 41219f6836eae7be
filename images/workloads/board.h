// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/histogram.h"

namespace gridlock::mdio {

/// A text that one process writes once and others read, in memory they share.
class FirstText {
 public:
  /// Keeps `text` (cut to what fits) unless there is one already.
  void set(std::string_view text);
  std::string get() const;

 private:
  static constexpr std::size_t kSize = 1536;
  enum : int { kEmpty, kBeingWritten, kThere };
  std::atomic<int> state_{kEmpty};
  std::array<char, kSize> text_{};
};

/// A number that one thread counts up and others, in other processes, read. With a single writer no
/// locked instruction is needed, which short transfers would feel.
class Count {
 public:
  void add(std::uint64_t more) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one worker counts and the sampler reads, in memory that both processes share. A worker is a
/// thread of a process.
struct WorkerCounters {
  std::array<char, 24> name{};  ///< "1.2", "observe.direct"; empty: there is no such worker
  Count operations;
  Count bytes;
  Count short_transfers;
  Count errors;
  Count bad;                       ///< blocks
  Count retries;                   ///< transfers begun again, blocks read again
  Count checked;                   ///< blocks looked at
  Count nonresident;               ///< pages of the buffer absent before a transfer
  Count resident;                  ///< pages that were there
  std::atomic<bool> ended{false};  ///< it will do no more
  Count lost;  ///< blocks of a buffer that another node's lock took away with what came in
  Count torn;  ///< blocks seen in pieces and found whole on another look
  std::array<Count, histogram::kBuckets> latency{};
  /// Whether it does the transfers, and not what goes on beside them; those have a digit first.
  bool transfers() const { return name[0] >= '0' && name[0] <= '9'; }

  FirstText first_bad;    ///< a JSON object
  FirstText first_error;  ///< one line
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);

/// The shared memory of a run.
struct Board {
  static constexpr std::size_t kMostWorkers = 288;
  std::atomic<bool> stop_wanted{false};    ///< transfers are to end
  std::atomic<bool> workers_ended{false};  ///< what goes on beside them is to end
  std::array<WorkerCounters, kMostWorkers> workers{};

  /// A worker's counters, by its name; made at the first call. Before the processes part.
  WorkerCounters& worker(std::string_view name);
};

/// A new board in memory shared with children made later; lives as long as the process.
Board& shared_board();

}  // namespace gridlock::mdio
