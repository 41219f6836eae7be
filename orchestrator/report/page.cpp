// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/columns.h"

namespace gridlock {
namespace {

constexpr std::size_t kGap = 2;

/// ECMA-48 "select graphic rendition".
std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::bad:
      return "\x1b[1;31m";
    case Tone::doubtful:
      return "\x1b[33m";
    case Tone::heading:
      return "\x1b[1m";
    case Tone::plain:
      break;
  }
  return "";
}

}  // namespace

std::string painted(const std::string& text, Tone tone, Colour colour) {
  if (colour == Colour::off || tone == Tone::plain || text.empty()) return text;
  return std::string(code_of(tone)) + text + "\x1b[0m";
}

void Page::row(const std::vector<Piece>& pieces) {
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0;
  for (const Piece& piece : pieces) {
    columns.push_back(wrapped(piece.text, piece.width));
    height = std::max(height, columns.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    std::size_t owed = 0;  // blanks are written only before something, never at a line's end
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::string text = line < columns[i].size() ? columns[i][line] : "";
      if (!text.empty()) {
        text_ += std::string(owed, ' ') + painted(text, pieces[i].tone, colour_);
        owed = 0;
      }
      const std::size_t used = display_width(text);
      owed += std::max(pieces[i].width, used) - used + kGap;
    }
    text_ += '\n';
  }
}

void Page::labelled(std::string_view label, const std::string& text, Tone tone) {
  row({{kLabelWidth - kGap, std::string(label), Tone::heading},
       {width_ - kLabelWidth, text, tone}});
}

void Page::labelled_list(std::string_view label, const std::vector<std::string>& texts) {
  labelled(label, texts.empty() ? "none" : join(texts, " · "));
}

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace gridlock
