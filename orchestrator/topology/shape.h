// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "topology/document.h"
#include "topology/keys.h"

namespace gridlock {

/// What a part of a topology may hold, for whoever goes through a document before it is read.
struct Shape {
  std::span<const KeyTable* const> tables;  ///< none: any value
  bool named = false;                       ///< names are mapped to such mappings

  /// The key's row in the first table that has it; null if none has, or names stand here.
  const Key* row(std::string_view key) const;
  /// Whether the key excludes others of its mapping.
  bool is_alternative(std::string_view key) const;
  /// Of the value of `key`.
  Shape below(std::string_view key) const;
};

/// Of a whole topology.
Shape topology_shape();

/// The entry of `key` in a mapping, or null.
const DocEntry* entry_of(const DocNode& map, std::string_view key);
DocEntry* entry_of(DocNode& map, std::string_view key);

/// The table among `tables` for a program: they are in the order of its words. Null if there is no
/// such program.
const KeyTable* table_of_program(std::span<const KeyTable* const> tables, std::string_view program);

}  // namespace gridlock
