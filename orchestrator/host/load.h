// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gridlock {

/// Of all processors together since the host's boot, in clock ticks. Source: /proc/stat, proc(5).
struct ProcessorTicks {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;    ///< nothing to do
  std::uint64_t iowait = 0;  ///< nothing to do but wait for disks
  std::uint64_t steal = 0;   ///< taken by the hypervisor above us
};
/// Absent if the host does not tell.
std::optional<ProcessorTicks> processor_ticks();

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

}  // namespace gridlock
