// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/bytes.h"
#include "host/load.h"

namespace gridlock {

/// How this host is at one moment.
struct HostReading {
  std::optional<ProcessorTicks> ticks;
  double load = 0;         ///< of the last minute: /proc/loadavg
  Bytes available_memory;  ///< see host/memory.h
  int other_machines = 0;  ///< QEMU processes that are not of the run in the folder
  /// Time of day less the time since boot: it changes if the clock is set.
  std::chrono::nanoseconds clock_offset{0};
};

/// `own` is the folder that the run's own QEMU processes are told by. What cannot be read is absent
/// or 0.
HostReading read_host(const std::filesystem::path& own);

}  // namespace gridlock
