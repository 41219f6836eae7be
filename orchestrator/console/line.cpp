// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/line.h"

#include <algorithm>
#include <charconv>

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxBeforeStamp = 160;  // a capturing program's own date and host name

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A stamp `[   71.803301]` and what follows it.
struct Stamp {
  std::size_t begin = 0;
  std::size_t end = 0;
  double seconds = 0;
};

std::optional<Stamp> stamp_at(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t digits = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == digits || at - digits > 10 || at + 8 > text.size() || text[at] != '.')
    return std::nullopt;
  for (std::size_t i = 1; i <= 6; ++i)
    if (!is_digit(text[at + i])) return std::nullopt;
  if (text[at + 7] != ']') return std::nullopt;
  std::uint64_t seconds = 0;
  std::uint64_t micros = 0;
  std::from_chars(text.data() + digits, text.data() + at, seconds);
  std::from_chars(text.data() + at + 1, text.data() + at + 7, micros);
  return Stamp{open, at + 8, static_cast<double>(seconds) + static_cast<double>(micros) * 1e-6};
}

std::optional<Stamp> find_stamp(std::string_view text, std::size_t within) {
  for (std::size_t at = text.find('['); at < within; at = text.find('[', at + 1))
    if (const auto stamp = stamp_at(text, at)) return stamp;
  return std::nullopt;
}

/// Takes a caller `[  T123]` off the start of `text`.
std::string_view take_caller(std::string_view& text) {
  if (!text.starts_with('[')) return {};
  std::size_t at = text.find_first_not_of(' ', 1);
  if (at == std::string_view::npos || (text[at] != 'T' && text[at] != 'C')) return {};
  const std::size_t begin = at++;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == begin + 1 || at - begin > 12 || at >= text.size() || text[at] != ']') return {};
  const std::string_view caller = text.substr(begin, at - begin);
  text.remove_prefix(at + 1);
  return caller;
}

void drop_level(std::string_view& text) {
  if (!text.starts_with('<')) return;
  const std::size_t close = text.find('>');
  if (close == std::string_view::npos || close < 2 || close > 4) return;
  if (std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(close), is_digit))
    text.remove_prefix(close + 1);
}

/// Takes off what dmesg -T and journalctl put before a text: "[Mon Nov 23 04:56:25 2026] ", or a
/// date, a host's name and "kernel: ".
void drop_capture(std::string_view& text) {
  constexpr std::size_t kDate = 24;
  constexpr std::size_t kMaxSyslog = 100;
  if (text.starts_with('[') && text.size() > kDate + 2 && text[kDate + 1] == ']' &&
      text[4] == ' ' && text[8] == ' ' && text[14] == ':' && text[17] == ':' && text[20] == ' ') {
    text.remove_prefix(kDate + 2);
    if (text.starts_with(' ')) text.remove_prefix(1);
    return;
  }
  const std::size_t kernel = text.substr(0, kMaxSyslog).find(" kernel: ");
  if (kernel == std::string_view::npos) return;
  const bool dated = (kernel > 15 && text[3] == ' ' && text[9] == ':' && text[12] == ':') ||
                     (kernel > 19 && text[4] == '-' && text[7] == '-' && text[13] == ':');
  if (dated) text.remove_prefix(kernel + 9);
}

}  // namespace

Line parse_line(const RawLine& raw) {
  Line line{raw.bytes, {}, std::nullopt, raw.begin, raw.end, raw.cut};
  if (const auto stamp = find_stamp(raw.bytes, kMaxBeforeStamp)) {
    line.time = stamp->seconds;
    line.text.remove_prefix(stamp->end);
    line.caller = take_caller(line.text);
    // One blank belongs to the prefix, more are the text's own.
    if (line.text.starts_with(' ')) line.text.remove_prefix(1);
    return line;
  }
  drop_capture(line.text);
  drop_level(line.text);
  line.caller = take_caller(line.text);
  if (!line.caller.empty() && line.text.starts_with(' ')) line.text.remove_prefix(1);
  return line;
}

bool holds_stamp(std::string_view text) { return find_stamp(text, text.size()).has_value(); }

bool LineSplitter::is_plain(std::string_view piece) {
  return piece.size() <= kMaxLine && piece.find('\0') == std::string_view::npos;
}

std::string_view LineSplitter::trim_returns(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  while (line.starts_with('\r')) line.remove_prefix(1);
  return line;
}

void LineSplitter::keep(std::string_view piece) {
  length_ += piece.size();
  for (const char c : piece) {
    if (c == '\0') continue;
    if (kept_.size() == kMaxLine) {
      over_ = true;
      return;
    }
    kept_.push_back(c);
  }
}

void LineSplitter::start_at(std::uint64_t position) {
  kept_.clear();
  begin_ = position;
  length_ = 0;
  over_ = false;
}

}  // namespace gridlock::console
