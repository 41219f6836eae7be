// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/disk_moves.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"

namespace gridlock {
namespace {

// Columns of a row of diskstats after "MAJOR MINOR NAME"; from 5.5 on there are all of them.
enum Column : std::size_t {
  kReads = 3,
  kWrites = 7,
  kUnderWay = 11,
  kDiscards = 14,
  kFlushes = 18
};

std::vector<std::string> columns_of(std::string_view line) {
  std::vector<std::string> columns = split(line, ' ');
  std::erase(columns, std::string());
  return columns;
}

std::uint64_t column(const std::vector<std::string>& row, std::size_t index) {
  return index < row.size() ? number<std::uint64_t>(row[index], 10).value_or(0) : 0;
}

/// "254:16", of the mount that was made last.
std::string device_at(std::string_view mountinfo, std::string_view mount) {
  std::string device;
  while (!mountinfo.empty()) {
    // id parent MAJOR:MINOR root MOUNTPOINT …
    const std::vector<std::string> row = columns_of(take_line(mountinfo));
    if (row.size() > 4 && row[4] == mount) device = row[2];
  }
  return device;
}

}  // namespace

std::optional<DiskMoves> disk_moves(std::string_view mountinfo, std::string_view diskstats,
                                    std::string_view mount) {
  const std::string device = device_at(mountinfo, mount);
  while (!device.empty() && !diskstats.empty()) {
    const std::vector<std::string> row = columns_of(take_line(diskstats));
    if (row.size() <= kUnderWay || row[0] + ":" + row[1] != device) continue;
    return DiskMoves{
        column(row, kReads) + column(row, kWrites) + column(row, kDiscards) + column(row, kFlushes),
        column(row, kUnderWay)};
  }
  return std::nullopt;
}

}  // namespace gridlock
