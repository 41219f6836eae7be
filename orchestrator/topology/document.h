// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topology/mistakes.h"

namespace gridlock {

struct DocEntry;

/// A YAML document with every alias replaced by what it stands for.
struct DocNode {
  enum class Kind { nothing, scalar, list, map };

  Kind kind = Kind::nothing;
  Mark mark;                      ///< columns count bytes
  std::string text;               ///< of a scalar
  std::vector<DocNode> items;     ///< of a list
  std::vector<DocEntry> entries;  ///< of a map, in the order written; no key twice
};

struct DocEntry {
  std::string key;
  Mark mark;
  DocNode value;
};

/// Limits of a topology file. They hold for what aliases expand to as well.
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
constexpr int kMaxNesting = 64;
constexpr std::size_t kMaxDocValues = 50'000;
constexpr std::size_t kMaxDocBytes = std::size_t{4} << 20;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// How much has been read, with aliases expanded; the limits hold for a topology and what it includes
/// together.
struct DocSize {
  std::size_t values = 0;
  std::size_t bytes = 0;  ///< of scalars and keys
};

/// Of a value with all that is in it.
DocSize size_of(const DocNode& node);

/// Parses the one YAML document in `text`, whose marks get `source`, and adds to `size`. What cannot be read at all (malformed YAML, a limit, a
/// second document, bytes that are not text) throws TopologyError; duplicate keys, keys that are
/// not words, and tags are added to `mistakes`.
DocNode parse_document(std::string_view text, int source, DocSize& size, Mistakes& mistakes);

}  // namespace gridlock
