// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <termios.h>

#include <optional>
#include <string>
#include <string_view>

namespace gridlock {

/// Hands every key to us unread as long as it lives, if standard input is a terminal. Signals are
/// taken by a thread of their own (main.cpp) and end a verb in order, so that the destructor runs.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  std::optional<termios> before_;
};

struct WindowSize {
  int rows = 24;
  int columns = 80;
  bool operator==(const WindowSize&) const = default;
};

/// The size of the terminal at standard input; absent if it is none.
std::optional<WindowSize> window_size();

/// Finds the escape of ssh in what a person types: `~.` at the begin of a line. Where the cursor
/// is, which a terminal tells a shell that asks for it, nobody typed.
class EscapeWatch {
 public:
  /// Returns what is to be passed on of `typed`; ended() tells whether the escape was in it.
  std::string pass(std::string_view typed);
  bool ended() const { return ended_; }

 private:
  /// Whether `c` goes on with a control sequence (ECMA-48, "CSI"); its end is heard, too.
  bool is_in_sequence(char c);

  enum class Sequence { none, escape, parameters };
  Sequence sequence_ = Sequence::none;
  bool line_began_ = true;  ///< before the sequence
  bool line_begins_ = true;
  bool tilde_ = false;
  bool ended_ = false;
};

}  // namespace gridlock
