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
