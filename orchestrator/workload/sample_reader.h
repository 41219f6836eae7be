// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "workload/counters.h"
#include "workload/steady.h"

namespace gridlock {

/// One thread of a process, or what else a program reports by itself.
struct WorkerState {
  Counters counters;
  Sample sample;       ///< the latest
  bool ended = false;  ///< it will do no more
};

/// Whether a worker of that name does a workload's operations; others go along with them
/// (observers, disturbances) and have names that do not begin with a digit.
bool does_operations(std::string_view worker);

/// Reads what a workload program prints on a node while it works, piece by piece. The node is not
/// trusted: a text that is too long or cannot be understood is counted and skipped.
class SampleReader {
 public:
  virtual ~SampleReader() = default;
  virtual void feed(std::string_view bytes) = 0;
  /// The program has ended; `ok`: with status 0.
  virtual void program_ended(bool /*ok*/) {}
  /// Sums over the workers that do operations; bad data also of those that watch.
  const Counters& counters() const { return counters_; }
  const std::map<std::string, WorkerState, std::less<>>& workers() const { return workers_; }
  /// Whether the program printed its final result.
  bool has_result() const { return has_result_; }
  std::uint64_t garbage() const { return garbage_; }
  /// The program's own last word in full, worth keeping; empty: there is none.
  virtual std::string own_result() const { return {}; }

  /// Hears each sample after it was counted.
  void on_sample(std::function<void(const std::string& worker, const WorkerState&)> handler) {
    on_sample_ = std::move(handler);
  }
  /// Hears each line that is neither sample nor result.
  void on_other(std::function<void(std::string_view line)> handler) {
    on_other_ = std::move(handler);
  }

 protected:
  Counters counters_;
  std::map<std::string, WorkerState, std::less<>> workers_;
  std::function<void(const std::string&, const WorkerState&)> on_sample_;
  std::function<void(std::string_view)> on_other_;
  bool has_result_ = false;
  std::uint64_t garbage_ = 0;
};

}  // namespace gridlock
