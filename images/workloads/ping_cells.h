// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "workloads/files.h"
#include "workloads/lock_ping_options.h"

namespace gridlock::lock_ping {

/// A counter takes as much as a cache line, so that no two locks share one.
constexpr std::uint64_t kCell = 64;

/// The counters that belong to the locks, one each, in a file: reached by pread and pwrite, or in a
/// shared mapping. Who uses a counter holds its lock. Throws std::system_error.
class Cells {
 public:
  /// `options.data` is not none.
  explicit Cells(const Options& options);

  std::uint64_t read(std::uint64_t lock) const;
  void write(std::uint64_t lock, std::uint64_t value) const;

 private:
  mdio::File file_;
  std::optional<mdio::Mapping> mapping_;
};

/// Something in a file that is not what it must be.
struct Bad {
  std::string path;
  std::uint64_t offset = 0;
  std::string what;
  std::string expected;  ///< a number, maybe with "at least "
  std::string found;     ///< empty: nothing
  std::string reader;    ///< "node1 1.1"

  /// A JSON object for a board's `first_bad`. Who wrote it is not known.
  std::string json() const;
};

}  // namespace gridlock::lock_ping
