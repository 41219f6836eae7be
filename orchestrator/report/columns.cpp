// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/columns.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace gridlock {
namespace {

struct Range {
  char32_t first, last;
};
constexpr std::array<Range, 5> kNoWidth{
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}};
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115f},
                                      {0x2e80, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0xffe0, 0xffe6},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};

/// The character at the start of `text` (not empty), in bytes. Anything malformed is one byte.
std::string_view first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 &&
         (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
    ++length;
  return text.substr(0, length);
}

std::size_t character_width(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  char32_t code = byte(0);
  if (character.size() == 2) code = code & 0x1f;
  if (character.size() == 3) code = code & 0x0f;
  if (character.size() == 4) code = code & 0x07;
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte(i) & 0x3f);
  const auto inside = [&](const Range& range) { return range.first <= code && code <= range.last; };
  if (std::any_of(kNoWidth.begin(), kNoWidth.end(), inside)) return 0;
  return std::any_of(kWide.begin(), kWide.end(), inside) ? 2 : 1;
}

/// The longest start of `text` that fits `width` columns.
std::string_view fitting(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size();) {
    const std::string_view character = first_character(text.substr(bytes));
    used += character_width(character);
    if (used > width) break;
    bytes += character.size();
  }
  return text.substr(0, bytes);
}

void wrap_paragraph(std::string_view text, std::size_t width, std::vector<std::string>& lines) {
  std::string line;
  std::size_t used = 0;
  const auto end_line = [&] {
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::exchange(line, {}));
  };
  for (const std::string& part : split(text, ' ')) {
    std::string_view word = part;
    if (used > 0 && used + 1 + display_width(word) <= width) {
      line += ' ';
      line += word;
      used += 1 + display_width(word);
      continue;
    }
    if (used > 0) end_line();
    while (display_width(word) > width) {
      const std::string_view head = fitting(word, width);
      lines.emplace_back(head);
      word.remove_prefix(head.size());
    }
    line = word;
    used = display_width(word);
  }
  end_line();
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    width += character_width(character);
    text.remove_prefix(character.size());
  }
  return width;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string clipped(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  return width == 0 ? "" : std::string(fitting(text, width - 1)) + "…";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : split(text, '\n'))
    wrap_paragraph(paragraph, std::max<std::size_t>(width, 8), lines);
  return lines;
}

}  // namespace gridlock
