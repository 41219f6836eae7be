// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "workloads/board.h"

namespace gridlock::mdio {

/// Prints what a board counts, as lines that the host reads (docs/topology.md, "Work lines").
class WorkLines {
 public:
  explicit WorkLines(const Board& board) : board_(board) {}

  /// One line for each worker, also for those that stand still.
  void sample(std::chrono::milliseconds since_start);

  /// The last line: sums over all workers.
  void result();

 private:
  struct Seen {
    std::uint64_t operations = 0;
    std::uint64_t checked = 0;
    std::uint64_t errors = 0;
    std::vector<std::uint64_t> latency;
  };

  std::string latency_since(const WorkerCounters& worker, Seen& seen) const;

  const Board& board_;
  std::map<const WorkerCounters*, Seen> seen_;
};

/// One line to standard output, whole and at once.
void print_line(std::string_view line);

/// A text as a JSON string, with its quotes.
std::string quoted(std::string_view text);

}  // namespace gridlock::mdio
