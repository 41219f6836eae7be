// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "topology/document.h"
#include "topology/mistakes.h"
#include "topology/topology.h"

namespace gridlock {

/// Limits of what a topology includes.
constexpr int kMaxIncludeDepth = 8;
constexpr std::size_t kMaxIncludes = 64;  ///< files, each time they are included

/// A topology with what it includes.
struct WholeDocument {
  /// Without `include`. Relative paths are relative to the topology's own folder, wherever they
  /// stood.
  DocNode root;
  std::vector<std::string>
      files;  ///< as messages call them, the topology first; no other: it includes none
};

/// Parses `text`, which came from `file`, and what it includes; `mistakes` has the topology as its
/// first source and gets the others. With null for `around`, to include is a mistake.
WholeDocument parse_with_includes(std::string_view text, const std::filesystem::path& file,
                                  const Surroundings* around, Mistakes& mistakes);

}  // namespace gridlock
