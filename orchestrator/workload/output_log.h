// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gridlock {

/// What a program printed, line by line: its beginning and its end. What lies between, if it
/// printed more than is kept, is counted.
class OutputLog {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 20;  ///< bytes kept

  /// A line of standard output, without its newline.
  void line(std::string_view text);
  /// Bytes of standard error, cut anywhere.
  void errors(std::string_view bytes);
  /// The program has ended: a last line may have no newline.
  void finish();

  bool empty() const { return head_.empty() && partial_.empty(); }
  /// All that is kept, with a line that says what was left out.
  std::string text() const;
  /// The last `count` lines.
  std::string end(std::size_t count) const;

 private:
  void keep(std::string_view bytes);

  std::string head_;
  std::string tail_;
  std::uint64_t left_out_ = 0;
  std::string partial_;  // of standard error
};

}  // namespace gridlock
