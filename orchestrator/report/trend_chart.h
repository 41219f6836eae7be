// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "report/run_index.h"

namespace gridlock {

/// What one workload did on one kernel from run to run, in the order the runs began. Rates under
/// emulation and under KVM are no one's trend: each accelerator has its own.
struct Trend {
  std::string name;  ///< "stream on patched", with the accelerator if there are several
  struct Point {
    const IndexedRun* run;
    double operations_per_second;
  };
  std::vector<Point> points;
};

/// Of runs of one topology, oldest first; borrows from them. Those with most points first.
std::vector<Trend> trends_of(std::span<const IndexedRun* const> runs);

/// For page.js: `runs` (`at`, ms since 1970; `outcome`; `id`) and `trends` (`name` and `points`:
/// `at`; `rate`, operations/s; `share`, % of the median of the trend).
Json trend_chart(std::span<const IndexedRun* const> runs, const std::vector<Trend>& trends);

}  // namespace gridlock
