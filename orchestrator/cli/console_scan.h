// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "console/reader.h"
#include "report/scan_report.h"

namespace gridlock {

/// One console while its bytes come in: tells a report of its findings as soon as they are whole,
/// in order of their begin. Memory does not depend on the console's size.
class ConsoleScan {
 public:
  ConsoleScan(std::string file, ScanReport& report) : file_(std::move(file)), report_(report) {}

  void feed(std::string_view bytes);
  /// Nothing came for so long that the kernel is through with what it was saying: what is open is
  /// told as it is. Not so in the middle of a line, since then it is the writer who is behind.
  void fall_silent();
  /// There will be no more: what is open is told as it is.
  void finish();

  ConsoleTotals totals() const;

 private:
  void tell_what_is_known();

  std::string file_;
  ScanReport& report_;
  console::Reader reader_;
  std::vector<console::Finding> held_;  // an open report may have begun before them; by begin
  bool in_line_ = false;                // the last byte was no line end
  std::uint64_t findings_ = 0;
};

}  // namespace gridlock
