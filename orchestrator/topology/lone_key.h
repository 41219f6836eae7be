// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "topology/section.h"

namespace gridlock {

/// One entry of a mapping, called as its row is, read by that row alone, whatever else is there and
/// must be there.
class LoneKey {
 public:
  /// `what`: as messages call the mapping.
  LoneKey(const DocEntry& entry, const Key& row, std::string_view what, Mistakes& mistakes)
      : row_(row),
        table_{what, {&row_, 1}},
        section_(wrapped(entry), entry.mark, table_, mistakes) {}
  LoneKey(const LoneKey&) = delete;
  LoneKey& operator=(const LoneKey&) = delete;

  const Section& section() const { return section_; }

 private:
  const DocNode* wrapped(const DocEntry& entry) {
    map_.kind = DocNode::Kind::map;
    map_.mark = entry.mark;
    map_.entries.push_back(entry);
    return &map_;
  }

  DocNode map_;
  Key row_;
  KeyTable table_;
  Section section_;
};

}  // namespace gridlock
