// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// The candidate a person most likely meant by `word`, or empty if none is near (edit distance at
/// most a third of the word, at least 1).
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

/// `text` with control characters, invalid UTF-8 and DEL written as \xNN, and cut to
/// `limit` bytes with "…" if longer. For everything a guest said before it meets a terminal.
std::string printable(std::string_view text, std::size_t limit = 400);

/// The last `count` lines of `text`, each without its line end.
std::vector<std::string> last_lines(std::string_view text, std::size_t count);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trimmed(std::string_view text);

}  // namespace gridlock
