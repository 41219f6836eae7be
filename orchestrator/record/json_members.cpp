// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/json_members.h"

#include <algorithm>

#include "base/error.h"

namespace gridlock::record_json {
namespace {

/// rfc3339 writes four digits for a year.
constexpr int kLastYear = 9999;

/// The number `digits` is, all of it; -1 if it is none.
int whole_number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<UtcTime> parse_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] != '0' && kShape[i] != text[i]) return std::nullopt;
  const auto part = [&](std::size_t begin, std::size_t length) {
    return whole_number(text.substr(begin, length));
  };
  const int year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2), ms = part(20, 3);
  if (std::min({year, month, day, hour, minute, second, ms}) < 0 || hour > 23 || minute > 59 ||
      second > 59 || year > kLastYear)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return UtcTime{std::chrono::sys_days(date)} + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + Milliseconds(ms);
}

void Members::read(std::string_view key, UtcTime& to) const {
  std::string text;
  read(key, text);
  const std::optional<UtcTime> time = parse_rfc3339(text);
  if (!time) wrong(key, "is no time like 2026-11-22T22:30:05.123Z");
  to = *time;
}

void Members::wrong(std::string_view key, std::string_view how) const {
  const std::string name = inner(key);
  throw Error(fmt::format("{} {}", name.empty() ? "the document" : "'" + name + "'", how));
}

std::string Members::inner(std::string_view key) const {
  const std::string name = printable(key, 60);
  return path_.empty() || name.empty() ? path_ + name : path_ + "." + name;
}

}  // namespace gridlock::record_json
