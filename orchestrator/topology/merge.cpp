// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/merge.h"

#include <algorithm>
#include <unordered_map>

namespace gridlock {
namespace {

bool takes_another(const DocNode& base, const DocNode& over, const Shape& shape) {
  const auto is_alternative = [&](const DocEntry& entry) {
    return shape.is_alternative(entry.key);
  };
  const auto is_new = [&](const DocEntry& entry) {
    return is_alternative(entry) && !entry_of(base, entry.key);
  };
  if (std::ranges::any_of(over.entries, is_new) &&
      std::ranges::any_of(base.entries, is_alternative))
    return true;
  if (!shape.row("program")) return false;
  const DocEntry* const below = entry_of(base, "program");
  const DocEntry* const above = entry_of(over, "program");
  return below && above && below->value.text != above->value.text;
}

}  // namespace

void merge(DocNode& base, DocNode over, const Shape& shape) {
  if (base.kind != DocNode::Kind::map || over.kind != DocNode::Kind::map ||
      takes_another(base, over, shape)) {
    base = std::move(over);
    return;
  }
  base.mark = over.mark;
  std::unordered_map<std::string, std::size_t> places;
  for (const DocEntry& entry : base.entries) places.emplace(entry.key, places.size());
  for (DocEntry& entry : over.entries) {
    if (const auto found = places.find(entry.key); found == places.end()) {
      base.entries.push_back(std::move(entry));
    } else {
      DocEntry& below = base.entries[found->second];
      below.mark = entry.mark;
      merge(below.value, std::move(entry.value), shape.below(entry.key));
    }
  }
}

}  // namespace gridlock
