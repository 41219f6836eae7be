// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "console/finding.h"

namespace gridlock::console {

/// Turns the bytes of one kernel console into findings, piece by piece. The findings do not depend
/// on how the bytes were cut. Any bytes are accepted; memory stays bounded.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void feed(std::string_view bytes);

  /// The console has ended, or has been silent for so long that the kernel is through with what it
  /// was saying: closes what is open. More may be fed all the same.
  void finish();

  /// Findings that are complete (or given up) since the last call, in order of their begin. At most
  /// 4096 wait to be taken; what comes then is counted and lost.
  std::vector<Finding> take();
  std::uint64_t lost() const;
  /// A report has begun and not ended yet: a finding will come.
  bool pending() const;
  /// Where the earliest begins of what is not ended yet; a finding may come that begins there. Every
  /// finding before it has been given out or can be taken.
  std::optional<std::uint64_t> open_since() const;

  std::uint64_t bytes_read() const;
  std::uint64_t lines_read() const;
  /// Messages the kernel said it dropped: after them "no report" is unproven.
  std::uint64_t dropped() const;
  /// Lines and reports that the console shows a second time, with the time stamps of the first.
  std::uint64_t replayed() const;
  /// The last line that was not blank, without its line end.
  std::string_view last_line() const;

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

/// The report in `bytes`, a piece of a console, whose identity that is, or else its first; absent:
/// there is none.
std::optional<Finding> report_in(std::string_view bytes, std::string_view identity);

}  // namespace gridlock::console
