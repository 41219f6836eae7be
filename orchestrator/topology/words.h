// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "topology/topology.h"

namespace gridlock {

// The words a topology file uses for its choices.
std::string word_of(Accel accel);
std::string word_of(Start start);
std::string word_of(Transport transport);
std::string word_of(FilesystemType type);
std::string word_of(MmapDioSpec::Operation operation);
std::string word_of(MmapDioSpec::Buffer buffer);
std::string word_of(Lockdep lockdep);
std::string word_of(Expectation expectation);

}  // namespace gridlock
