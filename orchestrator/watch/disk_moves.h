// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gridlock {

/// What the shared disk has done for one node since its boot.
struct DiskMoves {
  std::uint64_t transfers = 0;  ///< reads, writes, discards and flushes that have ended
  std::uint64_t under_way = 0;  ///< begun and not ended
};

/// Finds the disk that is mounted at `mount` in a /proc/PID/mountinfo and its row in
/// /proc/diskstats. Absent: not mounted, or not in the table. Sources:
/// Documentation/filesystems/proc.rst, Documentation/admin-guide/iostats.rst.
std::optional<DiskMoves> disk_moves(std::string_view mountinfo, std::string_view diskstats,
                                    std::string_view mount);

}  // namespace gridlock
