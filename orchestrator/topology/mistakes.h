// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topology/topology.h"

namespace gridlock {

/// Collects what is wrong with one topology and what it includes, so that all of it is reported in
/// one go.
class Mistakes {
 public:
  /// `text` is what the marks point into; `file` is how messages name it.
  Mistakes(std::string_view text, std::string file) { add_source(text, std::move(file)); }

  /// Another file that marks may point into. Returns their `source`, counted from 0.
  int add_source(std::string_view text, std::string file);
  const std::string& file(int source) const;

  /// Columns of `mark` count bytes, as the parser's do. A mistake in a part that aliases repeat is
  /// kept once.
  void add(Mark mark, std::string message);

  std::size_t size() const { return found_.size(); }

  /// Throws TopologyError with the first kShown mistakes in the order of the files and their lines,
  /// if there are any.
  void throw_if_any() const;

  static constexpr std::size_t kShown = 20;

 private:
  struct Mistake {
    Mark mark;
    std::string message;
  };
  struct Source {
    std::string text;
    std::string file;
  };
  std::string describe(const Mistake& mistake) const;

  std::vector<Source> sources_;
  std::vector<Mistake> found_;
};

}  // namespace gridlock
