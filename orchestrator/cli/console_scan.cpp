// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/console_scan.h"

#include <algorithm>

namespace gridlock {
namespace {

// So little at a time that the reader never holds more findings than it can.
constexpr std::size_t kPiece = 16 << 10;
// Beyond it order gives way. Some 8 KiB each at most.
constexpr std::size_t kMaxHeld = 1024;

}  // namespace

void ConsoleScan::feed(std::string_view bytes) {
  if (!bytes.empty()) in_line_ = bytes.back() != '\n';
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    bytes.remove_prefix(piece.size());
    reader_.feed(piece);
    tell_what_is_known();
  }
}

void ConsoleScan::fall_silent() {
  if (!in_line_ && reader_.pending()) finish();
}

void ConsoleScan::finish() {
  reader_.finish();
  tell_what_is_known();
}

ConsoleTotals ConsoleScan::totals() const {
  return {reader_.bytes_read(), reader_.lines_read(), findings_, reader_.dropped()};
}

void ConsoleScan::tell_what_is_known() {
  for (console::Finding& finding : reader_.take()) {
    ++findings_;
    const auto at = std::upper_bound(
        held_.begin(), held_.end(), finding.begin,
        [](std::uint64_t begin, const console::Finding& held) { return begin < held.begin; });
    held_.insert(at, std::move(finding));
  }
  const auto open = reader_.open_since();
  const auto known = std::find_if(held_.begin(), held_.end(), [&](const console::Finding& held) {
    return open && held.begin >= *open;
  });
  const auto surplus = held_.size() > kMaxHeld
                           ? held_.begin() + static_cast<std::ptrdiff_t>(held_.size() - kMaxHeld)
                           : held_.begin();
  const auto end = std::max(known, surplus);
  for (auto it = held_.begin(); it != end; ++it) report_.finding(file_, *it);
  held_.erase(held_.begin(), end);
}

}  // namespace gridlock
