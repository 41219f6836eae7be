// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "cli/command_text.h"

namespace gridlock {

// Completion scripts for the program, to be read by a shell. Kernels of a topology and runs are
// asked of the program when they are needed.
std::string bash_completion(const CommandText& program);
std::string zsh_completion(const CommandText& program);
std::string fish_completion(const CommandText& program);

/// `text` as one word of a POSIX shell.
std::string in_single_quotes(const std::string& text);

}  // namespace gridlock
