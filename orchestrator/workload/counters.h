// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gridlock {

/// What a workload program on one node has done so far.
struct Counters {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t short_transfers = 0;
  std::uint64_t errors = 0;
  std::uint64_t bad_blocks = 0;
  std::uint64_t samples = 0;  ///< progress reports received
  std::optional<double> read_rate;   ///< bytes per second, fio's own number over its run time
  std::optional<double> write_rate;
  std::string first_error;  ///< in the program's words, printable; empty: none
  std::string first_bad;    ///< offset, expected, found of the first bad block; empty: none
};

}  // namespace gridlock
