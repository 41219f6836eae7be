// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "cli/command_text.h"

namespace gridlock {

/// The manual page of the program, section 1, in the language of man(7). `version`: "0.1.0";
/// `date`: "2026-11-26".
std::string man_page(const CommandText& program, const std::string& version,
                     const std::string& date);

}  // namespace gridlock
