// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/text.h"

namespace gridlock {

enum class Tone { plain, good, bad, doubtful, heading };

/// `text` in the colour of `tone`, or as it is if there is to be none.
std::string painted(const std::string& text, Tone tone, Colour colour);

/// A page of text for a terminal or a file: at most `width` columns, labels in a column of their
/// own. Colours are never the only carrier of a meaning.
class Page {
 public:
  static constexpr std::size_t kWidth = 100;
  static constexpr std::size_t kLabelWidth = 13;

  explicit Page(Colour colour, std::size_t width = kWidth) : colour_(colour), width_(width) {}

  /// A piece of a row: `text` is wrapped into `width` columns.
  struct Piece {
    std::size_t width = 0;
    std::string text;
    Tone tone = Tone::plain;
  };
  /// Pieces side by side, two blanks apart, as many lines as the longest needs.
  void row(const std::vector<Piece>& pieces);
  /// A label and the text that belongs to it.
  void labelled(std::string_view label, const std::string& text, Tone tone = Tone::plain);
  /// The same with `texts` joined by " · ", or "none".
  void labelled_list(std::string_view label, const std::vector<std::string>& texts);
  void blank() { text_ += '\n'; }

  const std::string& text() const { return text_; }

 private:
  Colour colour_;
  std::size_t width_;
  std::string text_;
};

/// "1 trial", "2 trials".
std::string counted(std::size_t count, std::string_view thing);

}  // namespace gridlock
