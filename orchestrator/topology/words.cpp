// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/words.h"

#include <algorithm>

#include "base/text.h"
#include "topology/keys.h"

namespace gridlock {
namespace {

/// The tables list a choice's words in the order of its enumerators.
template <class Enum>
std::string word(const KeyTable& table, std::string_view key, Enum value) {
  const auto row = std::ranges::find(table.keys, key, &Key::name);
  GRIDLOCK_CHECK(row != table.keys.end(), "no such key");
  return split(row->words, ' ').at(static_cast<std::size_t>(value));
}

}  // namespace

std::string word_of(Accel accel) { return word(kTopologyKeys, "accel", accel); }
std::string word_of(Start start) { return word(kTopologyKeys, "start", start); }
std::string word_of(Transport transport) { return word(kDiskKeys, "transport", transport); }
std::string word_of(FilesystemType type) { return word(kFilesystemKeys, "type", type); }
std::string word_of(MmapDioSpec::Operation operation) {
  return word(kMmapDioKeys, "operation", operation);
}
std::string word_of(MmapDioSpec::Buffer buffer) { return word(kMmapDioKeys, "buffer", buffer); }
std::string word_of(Lockdep lockdep) { return word(kWatchKeys, "lockdep", lockdep); }
std::string word_of(Expectation expectation) {
  return expectation == Expectation::pass ? "pass" : "fail";
}

}  // namespace gridlock
