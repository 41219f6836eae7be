// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gridlock {

/// One component of a path made from `text`, whatever that is: letters, digits and "._+-" stay,
/// the rest becomes '_'; never empty, never starting with a dot, at most 100 bytes. Equal for equal
/// texts; a text that had to be changed gets a digest at its end, so that two of them do not meet.
std::string safe_file_name(std::string_view text);

}  // namespace gridlock
