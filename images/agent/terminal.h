// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "agent/descriptor.h"
#include "base/json.h"

namespace gridlock::agent {

/// Rows and columns of a terminal's window: numbers from 1 to 1000.
struct TerminalSize {
  int rows = 0;
  int columns = 0;
};

/// Reads `rows` and `columns` of `object`. Returns what is wrong with them, or nothing.
std::string read_terminal_size(const Json& object, TerminalSize& out);

/// Both ends of a new pseudo terminal (pty(7)). Ours does not block.
struct Terminal {
  Descriptor ours;
  Descriptor jobs;
};
/// Throws std::system_error.
Terminal make_terminal(const TerminalSize& size);

/// Tells the terminal, and with SIGWINCH those who run on it. Returns an error text or nothing.
std::string resize_terminal(const Descriptor& ours, const TerminalSize& size);

/// Makes it the controlling terminal of the caller, the first process of a session without one.
void take_terminal(int jobs);

}  // namespace gridlock::agent
