// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/shape.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace gridlock {

const Key* Shape::row(std::string_view key) const {
  if (named) return nullptr;
  for (const KeyTable* const table : tables) {
    const auto found = std::ranges::find(table->keys, key, &Key::name);
    if (found != table->keys.end()) return &*found;
  }
  return nullptr;
}

bool Shape::is_alternative(std::string_view key) const {
  const Key* const found = row(key);
  return found && found->alternative;
}

Shape Shape::below(std::string_view key) const {
  if (named) return {tables, false};
  const Key* const found = row(key);
  return found ? Shape{found->tables, found->named} : Shape{};
}

Shape topology_shape() {
  static constexpr std::array<const KeyTable*, 1> kTop{&kTopologyKeys};
  return {kTop};
}

const DocEntry* entry_of(const DocNode& map, std::string_view key) {
  const auto found = std::ranges::find(map.entries, key, &DocEntry::key);
  return found == map.entries.end() ? nullptr : &*found;
}

DocEntry* entry_of(DocNode& map, std::string_view key) {
  return const_cast<DocEntry*>(entry_of(std::as_const(map), key));
}

const KeyTable* table_of_program(std::span<const KeyTable* const> tables,
                                 std::string_view program) {
  const auto row = std::ranges::find(tables.front()->keys, std::string_view("program"), &Key::name);
  if (row == tables.front()->keys.end()) return tables.front();
  const std::vector<std::string> words = split(row->words, ' ');
  const auto at = static_cast<std::size_t>(std::ranges::find(words, program) - words.begin());
  return at < std::min(words.size(), tables.size()) ? tables[at] : nullptr;
}

}  // namespace gridlock
