// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace gridlock {

/// Whether the kernel merges equal pages of processes that offer theirs, as QEMU does. Source:
/// Documentation/admin-guide/mm/ksm.rst.
struct Ksm {
  bool on = false;
  Bytes saved;  ///< at this moment, by all processes that share pages
};

/// The host's memory at one moment.
struct MemoryReading {
  Bytes available;             ///< without swapping, and within the limits of our cgroup
  std::optional<Bytes> limit;  ///< the lowest of the cgroup and those above it, if there is one
  std::optional<Ksm> ksm;      ///< absent if this kernel has none
};

/// `root` is where the host's /proc and /sys are; a test has its own. What cannot be read is 0 or
/// absent.
MemoryReading read_memory(const std::filesystem::path& root = "/");

/// The memory of these processes, what they share with others divided by how many share it (PSS).
/// Processes that have ended, or that we may not look into, count nothing. Source:
/// /proc/PID/smaps_rollup, proc(5).
Bytes proportional_memory(const std::vector<pid_t>& processes);

}  // namespace gridlock
