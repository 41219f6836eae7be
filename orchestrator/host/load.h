// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace gridlock {

/// How busy this host's processors are. Not safe from several threads at once.
class LoadMeter {
 public:
  LoadMeter() { since_last(); }
  /// The busy part, from 0 to 1, of all processors' time since the last call; nothing if none has
  /// passed. Source: /proc/stat, proc(5).
  std::optional<double> since_last();

 private:
  std::uint64_t busy_ = 0;
  std::uint64_t all_ = 0;
};

/// What new programs can have without swapping. Source: MemAvailable of /proc/meminfo, proc(5).
Bytes available_memory();

}  // namespace gridlock
