// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <charconv>
#include <optional>
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
/// Takes the next line off `text`, without its line end.
std::string_view take_line(std::string_view& text);

/// The number that `text` is, all of it; absent if it is none or does not fit.
template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace gridlock
