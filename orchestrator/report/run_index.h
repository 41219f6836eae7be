// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// What a list of many runs tells of one, so that not all their records are in memory.
struct IndexedRun {
  std::string id;
  std::string topology;  ///< empty: its run.json could not be read, and `headline` says why
  Outcome outcome = Outcome::running;
  UtcTime started{};
  double seconds = 0;
  std::string accel;
  std::vector<std::string> kernels;  ///< "patched 6.1.192-gl-4a32b3cc (perf)"
  std::string headline;              ///< its result in one sentence
  /// What a workload did on a kernel that is built to measure throughput: the median over its
  /// trials that passed, all nodes together.
  struct Rate {
    std::string workload;
    std::string kernel;
    double operations_per_second = 0;
  };
  std::vector<Rate> rates;
  std::string version;  ///< of the Gridlock that wrote it
  std::string page;  ///< path of its report.html from the folder of the index; empty: it has none
};

IndexedRun index_run(const RunRecord& run);

/// Runs, oldest first, as one page that needs nothing else: all of them, newest first, and how each
/// topology fared from run to run.
std::string index_page(const std::vector<IndexedRun>& runs);

}  // namespace gridlock
