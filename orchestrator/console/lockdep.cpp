// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/lockdep.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxClass = 120;
constexpr std::size_t kMaxChain = 48;  // MAX_LOCK_DEPTH

/// The k of a chain line `-> #k (CLASS){usage}:`.
std::optional<std::size_t> chain_index(std::string_view text) {
  constexpr std::string_view kArrow = "-> #";
  if (!text.starts_with(kArrow)) return std::nullopt;
  std::size_t index = 0;
  const char* const begin = text.data() + kArrow.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), index);
  if (error != std::errc{} || end == begin) return std::nullopt;
  return index;
}

/// Takes `#12` out of `name#12` and `name#12/1`.
void drop_registration(std::string& name) {
  const std::size_t slash = name.rfind('/');
  std::size_t end = name.size();
  if (slash != std::string::npos && slash + 1 < name.size() &&
      name.find_first_not_of("0123456789", slash + 1) == std::string::npos)
    end = slash;
  const std::size_t last = name.find_last_not_of("0123456789", end - 1);
  if (last != std::string::npos && last + 1 < end && name[last] == '#')
    name.erase(last, end - last);
}

}  // namespace

std::string lock_class_in(std::string_view text) {
  const std::size_t close = text.rfind("){");
  const std::size_t open = text.find('(');
  if (close == std::string_view::npos || open >= close) return {};
  std::string name = printable(text.substr(open + 1, close - open - 1), kMaxClass);
  if (!name.empty()) drop_registration(name);
  return name;
}

std::vector<std::string> lock_classes(std::span<const std::string> lines, std::size_t count) {
  std::vector<std::string> classes;
  for (const std::string& line : lines) {
    if (classes.size() == count) break;
    std::string name = lock_class_in(line);
    if (!name.empty()) classes.push_back(std::move(name));
  }
  return classes;
}

std::vector<std::string> lock_cycle(std::span<const std::string> lines) {
  std::vector<std::string> cycle;  // printed from the class held to the one being acquired
  std::optional<std::size_t> expected;
  for (const std::string& line : lines) {
    const auto index = chain_index(line);
    if (!index) continue;
    if (expected ? *index != *expected : *index >= kMaxChain) return {};
    std::string name = lock_class_in(line);
    if (name.empty()) return {};
    cycle.push_back(std::move(name));
    if (*index == 0) {
      std::reverse(cycle.begin(), cycle.end());
      std::vector<std::string> first = cycle;
      for (std::size_t i = 1; i < cycle.size(); ++i) {
        std::rotate(cycle.begin(), cycle.begin() + 1, cycle.end());
        first = std::min(first, cycle);
      }
      return first;
    }
    expected = *index - 1;
  }
  return {};
}

}  // namespace gridlock::console
