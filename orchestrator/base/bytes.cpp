// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bytes.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace gridlock {
namespace {

struct Unit {
  std::string_view name;
  int shift;
};
constexpr std::array kUnits{
    Unit{"B", 0},    Unit{"KiB", 10}, Unit{"MiB", 20}, Unit{"GiB", 30}, Unit{"TiB", 40},
    Unit{"K", 10},   Unit{"M", 20},   Unit{"G", 30},   Unit{"T", 40},   Unit{"k", 10},
    Unit{"m", 20},   Unit{"g", 30},   Unit{"", 0},
};

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  text = trimmed(text);
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest == text.data()) return std::nullopt;
  const std::string_view unit =
      trimmed(std::string_view(rest, static_cast<std::size_t>(end - rest)));
  for (const Unit& known : kUnits) {
    if (known.name != unit) continue;
    if (number > (std::numeric_limits<std::uint64_t>::max() >> known.shift)) return std::nullopt;
    return Bytes{number << known.shift};
  }
  return std::nullopt;
}

std::string to_string(Bytes bytes) {
  static constexpr std::array kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes.count);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  const std::string number = fmt::format("{:.1f}", value);
  const bool whole = number.ends_with(".0");
  return fmt::format("{} {}", whole ? number.substr(0, number.size() - 2) : number, kNames[unit]);
}

}  // namespace gridlock
