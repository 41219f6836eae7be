// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gridlock::symbols {

/// A function that was running, and where it was.
struct SourceFrame {
  std::string function;  ///< as the source names it; as the symbol, where only that is known
  std::string file;      ///< relative to the kernel's source where it lies there; empty: not known
  int line = 0;          ///< 0: not known
  bool inlined = false;  ///< into the frame that follows
  bool operator==(const SourceFrame&) const = default;
};

/// What keeps an answer from being a whole one.
enum class Lack {
  nothing,
  lines,   ///< the symbol is known, but not its source: no debug information there
  symbol,  ///< no function of that name
  size,    ///< the name is there, but not with that size: a file of another kernel
  offset,  ///< outside the symbol
  module,  ///< no file of that module, or none that can be read
  limit    ///< more was asked than is answered, see Symbolizer
};

/// What one code location is in the source.
struct Resolution {
  /// Innermost first: what was inlined, then the function itself.
  using Frames = std::vector<SourceFrame>;

  std::vector<Frames> candidates;  ///< two or more: several functions have that name and size
  std::size_t unlisted = 0;        ///< candidates that were left out
  Lack lack = Lack::nothing;
  std::string why;  ///< in words, of which file; empty if nothing lacks

  bool ambiguous() const { return candidates.size() + unlisted > 1; }
};

/// `gfs2_fault (fs/gfs2/file.c:576) [inlined]`.
std::string describe(const SourceFrame& frame);

/// A line for each frame, innermost first, with `1 of 2: ` before it if there are several
/// candidates; then, in parentheses, what lacks.
std::vector<std::string> describe(const Resolution& resolution);

}  // namespace gridlock::symbols
