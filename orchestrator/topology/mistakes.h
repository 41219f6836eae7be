// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topology/topology.h"

namespace gridlock {

/// Collects what is wrong with one topology file, so that all of it is reported in one go.
class Mistakes {
 public:
  /// `text` is borrowed and is what the marks point into; `file` is how messages name it.
  Mistakes(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  /// Columns of `mark` count bytes, as the parser's do. A mistake in a part that aliases repeat is
  /// kept once.
  void add(Mark mark, std::string message);

  std::size_t size() const { return found_.size(); }

  /// Throws TopologyError with the first kShown mistakes in the order of the file, if there are
  /// any.
  void throw_if_any() const;

  static constexpr std::size_t kShown = 20;

 private:
  struct Mistake {
    Mark mark;
    std::string message;
  };
  std::string describe(const Mistake& mistake) const;

  std::string_view text_;
  std::string file_;
  std::vector<Mistake> found_;
};

}  // namespace gridlock
