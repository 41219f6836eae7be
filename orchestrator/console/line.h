// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gridlock::console {

/// One line of a console, borrowed from the bytes it came in.
struct RawLine {
  std::string_view bytes;   ///< without line end and NULs, at most kMaxLine
  std::uint64_t begin = 0;  ///< position of its first byte in the console
  std::uint64_t end = 0;    ///< position after its line end
  bool cut = false;         ///< longer than kMaxLine, or the console ended inside it
};

constexpr std::size_t kMaxLine = 4096;  // printk's own records are at most 1 KiB

/// A line with what printk put before the text taken off.
/// Source: print_prefix() in kernel/printk/printk.c.
struct Line {
  std::string_view text;
  std::string_view caller;     ///< "T123" or "C0" (CONFIG_PRINTK_CALLER), else empty
  std::optional<double> time;  ///< seconds since boot; absent: a program's line, or no printk.time
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool cut = false;
};

/// Takes off whatever stands before a time stamp, the stamp and the caller; without a stamp a level
/// such as "<6>" and a caller.
Line parse_line(const RawLine& raw);

/// Whether a second time stamp stands inside: two lines ran into each other.
bool holds_stamp(std::string_view text);

/// Cuts bytes into lines, whatever pieces they come in.
class LineSplitter {
 public:
  /// Calls `take(RawLine)` for every line that `bytes` ends.
  template <class Take>
  void feed(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::size_t at = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, at);
      if (at == std::string_view::npos) {
        keep(piece);
        return;
      }
      bytes.remove_prefix(at + 1);
      const std::uint64_t end = begin_ + length_ + piece.size() + 1;
      if (length_ == 0 && is_plain(piece)) {
        take(RawLine{trim_returns(piece), begin_, end, false});
      } else {
        keep(piece);
        take(RawLine{trim_returns(kept_), begin_, end, over_});
      }
      start_at(end);
    }
  }

  /// Calls `take` for a last line without a line end.
  template <class Take>
  void finish(Take take) {
    if (length_ == 0) return;
    const std::uint64_t end = begin_ + length_;
    take(RawLine{trim_returns(kept_), begin_, end, true});
    start_at(end);
  }

 private:
  static bool is_plain(std::string_view piece);
  static std::string_view trim_returns(std::string_view line);
  void keep(std::string_view piece);
  void start_at(std::uint64_t position);

  std::string kept_;          // what is known of an unfinished line, at most kMaxLine
  std::uint64_t begin_ = 0;   // where it begins
  std::uint64_t length_ = 0;  // its bytes so far, those not kept too
  bool over_ = false;         // some were not kept
};

}  // namespace gridlock::console
