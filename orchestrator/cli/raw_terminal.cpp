// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/raw_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

namespace gridlock {

RawTerminal::RawTerminal() {
  termios now{};
  if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  ::cfmakeraw(&now);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

RawTerminal::~RawTerminal() {
  if (before_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
}

std::optional<WindowSize> window_size() {
  winsize window{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) != 0) return std::nullopt;
  WindowSize size;
  if (window.ws_row > 0) size.rows = window.ws_row;
  if (window.ws_col > 0) size.columns = window.ws_col;
  return size;
}

bool EscapeWatch::is_in_sequence(char c) {
  switch (sequence_) {
    case Sequence::none:
      if (c != '\x1b') return false;
      sequence_ = Sequence::escape;
      line_began_ = line_begins_;
      line_begins_ = false;
      return true;
    case Sequence::escape:
      sequence_ = c == '[' ? Sequence::parameters : Sequence::none;
      return c == '[';
    case Sequence::parameters:
      break;
  }
  if (c < '@' || c > '~') return true;
  sequence_ = Sequence::none;
  // The cursor's position.
  if (c == 'R') line_begins_ = line_began_;
  return true;
}

std::string EscapeWatch::pass(std::string_view typed) {
  std::string passed;
  for (const char c : typed) {
    if (tilde_) {
      tilde_ = false;
      if (c == '.') {
        ended_ = true;
        return passed;
      }
      // Twice is once.
      if (c != '~') passed += '~';
    } else if (is_in_sequence(c)) {
      passed += c;
      continue;
    } else if (line_begins_ && c == '~') {
      tilde_ = true;
      line_begins_ = false;
      continue;
    }
    passed += c;
    line_begins_ = c == '\r' || c == '\n';
  }
  return passed;
}

}  // namespace gridlock
