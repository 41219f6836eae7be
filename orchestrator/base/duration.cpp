// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/duration.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr double kLongestMs = 366.0 * 24 * 3600 * 1000;

/// Milliseconds in one `unit`, or 0 if there is no such unit.
double unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m" || unit == "min") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return 0;
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  text = trimmed(text);
  if (text == "0") return Milliseconds{0};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || !(number >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    const std::size_t letters = text.find_first_of("0123456789.");
    const std::string_view unit = trimmed(text.substr(0, letters));
    const double scale = unit_ms(unit);
    if (scale == 0) return std::nullopt;
    total += number * scale;
    text.remove_prefix(letters == std::string_view::npos ? text.size() : letters);
  }
  if (total > kLongestMs) return std::nullopt;
  return Milliseconds{static_cast<std::int64_t>(total + 0.5)};
}

std::string to_string(Milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms < 0) return "-" + to_string(Milliseconds{-ms});
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) {
    return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000)
                          : fmt::format("{:.1f}s", static_cast<double>(ms) / 1000);
  }
  const std::int64_t seconds = (ms + 500) / 1000;
  if (seconds < 3600) {
    return seconds % 60 == 0 ? fmt::format("{}m", seconds / 60)
                             : fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  }
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace gridlock
