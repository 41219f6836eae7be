// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/arguments.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace gridlock::mdio {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    throw UsageMistake(std::string(option) + ": '" + std::string(text) + "' is not a number from " +
                       std::to_string(least) + " to " + std::to_string(most));
  return value;
}

std::size_t place(std::string_view option, std::string_view word, std::string_view words) {
  const auto known = split(words, ' ');
  const auto found = std::find(known.begin(), known.end(), word);
  if (found == known.end())
    throw UsageMistake(std::string(option) + ": '" + std::string(word) + "' is none of " +
                       std::string(words));
  return static_cast<std::size_t>(found - known.begin());
}

}  // namespace gridlock::mdio
