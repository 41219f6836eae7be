// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gridlock::lock_ping {

/// What one process did with one counter.
struct Tally {
  std::uint64_t added = 0;  ///< how often it counted up, in all runs
  std::uint64_t last = 0;   ///< what it wrote last
};

/// What one process knows of every counter. Kept in a file of its own, which nobody else writes.
struct PingState {
  std::vector<Tally> counters;  ///< one for each lock

  /// Whole and on disk when it returns. Throws std::system_error.
  void save(const std::string& path, std::uint64_t seed) const;
  /// Throws std::runtime_error if it is not there, not whole, or of another ring or seed.
  static PingState load(const std::string& path, std::uint64_t seed, std::uint64_t locks);
};

}  // namespace gridlock::lock_ping
