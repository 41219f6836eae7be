// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/notes.h"

namespace gridlock {

/// The first data that was not what it should be, as the program tells it.
struct BadData {
  std::string file;
  std::uint64_t offset = 0;
  std::string what;
  std::string expected;  ///< hex excerpt
  std::string found;     ///< the same place
  std::string writer;    ///< "node1 1.1", or empty
  std::string reader;
};

/// Several printable lines, for a finding.
std::string describe(const BadData& bad);

/// How long operations took, in microseconds.
struct LatencyFigures {
  double p50_us = 0, p90_us = 0, p99_us = 0, p999_us = 0, max_us = 0;
};

/// What a workload program on one node has done so far.
struct Counters {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t short_transfers = 0;
  std::uint64_t errors = 0;
  std::uint64_t bad_blocks = 0;
  std::uint64_t retries = 0;
  std::uint64_t samples = 0;        ///< progress reports received
  std::optional<double> read_rate;  ///< bytes per second, fio's own number over its run time
  std::optional<double> write_rate;
  std::optional<LatencyFigures> latency;  ///< fio's own, over its run time
  std::string first_error;                ///< in the program's words, printable; empty: none
  std::optional<BadData> first_bad;
  Notes notes;  ///< of its result
};

}  // namespace gridlock
