// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// How many columns of a terminal `text` takes: combining marks none, East Asian wide characters
/// and emoji two, everything else one. `text` is printable UTF-8. Source: the ranges of Unicode's
/// EastAsianWidth.txt, coarsely.
std::size_t display_width(std::string_view text);

/// `text` with blanks after it up to `width` columns.
std::string padded(std::string_view text, std::size_t width);

/// `text` in at most `width` columns; the end of a longer one is replaced by "…".
std::string clipped(std::string_view text, std::size_t width);

/// `text` in lines of at most `width` columns (at least 8): broken at '\n', at blanks, and inside a
/// word only if the word is longer than a line. At least one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace gridlock
