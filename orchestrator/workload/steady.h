// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/histogram.h"
#include "workload/counters.h"

namespace gridlock {

/// The part of a workload's time that its figures are taken from, counted from the common start:
/// without the first tenth (at least a second of it, if there is so much) and the last twentieth.
struct SteadyWindow {
  Milliseconds begin{0};
  Milliseconds end{0};
};
SteadyWindow steady_window(Milliseconds duration);

/// One progress report of a worker: totals since the start, and how long the operations took that
/// ended since the report before.
struct Sample {
  Milliseconds at{0};  ///< since the program's start
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::vector<std::pair<std::size_t, std::uint64_t>> latency = {};  ///< bucket, count
};

/// What a worker did in a window. Reports do not fall on the window's borders: totals there are
/// interpolated, and latencies are those of reports that lie in it as a whole.
class SteadyMeter {
 public:
  explicit SteadyMeter(SteadyWindow window) : window_(window) {}

  /// Reports come in the order of time; one that does not is passed over.
  void add(const Sample& sample);

  struct Figures {
    double operations = 0;
    double bytes = 0;
  };
  /// Absent until a report from behind the window came, or if too few lay in it.
  std::optional<Figures> figures() const;
  const Histogram& latency() const { return latency_; }

 private:
  /// Fewer reports than this in a window say nothing of how steady it was.
  static constexpr int kLeastSamples = 5;

  SteadyWindow window_;
  Sample last_{};
  int inside_ = 0;
  std::optional<Figures> at_begin_;
  std::optional<Figures> at_end_;
  Histogram latency_;
};

/// p50 to the largest, of a histogram that is not empty.
LatencyFigures figures_of(const Histogram& latency);

}  // namespace gridlock
