// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "topology/topology.h"

namespace gridlock {

// The words a topology file uses for its choices.
std::string word_of(Accel accel);
std::string word_of(Start start);
std::string word_of(Transport transport);
std::string word_of(IscsiVia via);
std::string word_of(ClusterStack stack);
std::string word_of(FilesystemType type);
std::string word_of(MmapDioSpec::Operation value);
std::string word_of(MmapDioSpec::Direction value);
std::string word_of(MmapDioSpec::Access value);
std::string word_of(MmapDioSpec::Buffer value);
std::string word_of(MmapDioSpec::Mapping value);
std::string word_of(MmapDioSpec::Resident value);
std::string word_of(MmapDioSpec::Eviction value);
std::string word_of(MmapDioSpec::Alignment value);
std::string word_of(MmapDioSpec::State value);
std::string word_of(MmapDioSpec::Fsync value);
std::string word_of(MmapDioSpec::Disturbance value);
std::string word_of(MmapDioSpec::Observer value);
std::string word_of(MmapDioSpec::Fault value);
std::string word_of(LockPingSpec::Data data);
std::string word_of(LabUse use);
std::string word_of(FaultKind kind);
std::string word_of(Lockdep lockdep);
std::string word_of(MemoryImage image);
std::string word_of(Expectation expectation);

/// The words of a list, joined with `separator`, or "none".
template <class Enum>
std::string words_of(const std::vector<Enum>& values, const std::string& separator) {
  std::string text;
  for (const Enum value : values) text += (text.empty() ? "" : separator) + word_of(value);
  return text.empty() ? "none" : text;
}

}  // namespace gridlock
