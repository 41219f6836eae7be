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
std::string word_of(IscsiVia via) { return word(kDiskKeys, "via", via); }
std::string word_of(ClusterStack stack) { return word(kClusterKeys, "stack", stack); }
std::string word_of(FilesystemType type) { return word(kFilesystemKeys, "type", type); }
std::string word_of(MmapDioSpec::Operation value) { return word(kMmapDioKeys, "operation", value); }
std::string word_of(MmapDioSpec::Direction value) { return word(kMmapDioKeys, "direction", value); }
std::string word_of(MmapDioSpec::Access value) { return word(kMmapDioKeys, "access", value); }
std::string word_of(MmapDioSpec::Buffer value) { return word(kMmapDioKeys, "buffer", value); }
std::string word_of(MmapDioSpec::Mapping value) { return word(kMmapDioKeys, "mapping", value); }
std::string word_of(MmapDioSpec::Resident value) { return word(kMmapDioKeys, "resident", value); }
std::string word_of(MmapDioSpec::Eviction value) { return word(kMmapDioKeys, "eviction", value); }
std::string word_of(MmapDioSpec::Alignment value) { return word(kMmapDioKeys, "alignment", value); }
std::string word_of(MmapDioSpec::State value) { return word(kMmapDioKeys, "state", value); }
std::string word_of(MmapDioSpec::Fsync value) { return word(kMmapDioKeys, "fsync", value); }
std::string word_of(MmapDioSpec::Disturbance value) { return word(kMmapDioKeys, "disturb", value); }
std::string word_of(MmapDioSpec::Observer value) { return word(kMmapDioKeys, "observe", value); }
std::string word_of(MmapDioSpec::Fault value) { return word(kMmapDioKeys, "inject", value); }
std::string word_of(LockPingSpec::Data data) { return word(kLockPingKeys, "data", data); }
std::string word_of(LabUse use) { return word(kTopologyKeys, "lab", use); }
std::string word_of(Lockdep lockdep) { return word(kWatchKeys, "lockdep", lockdep); }
std::string word_of(MemoryImage image) { return word(kWatchKeys, "memory_image", image); }
std::string word_of(FaultKind kind) {
  return kind == FaultKind::kill ? "kill" : kind == FaultKind::pause ? "pause" : "cut";
}
std::string word_of(Expectation expectation) {
  return expectation == Expectation::pass ? "pass" : "fail";
}

}  // namespace gridlock
