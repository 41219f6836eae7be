// SPDX-License-Identifier: GPL-2.0-or-later
// Topology YAML to plan: ends in a plan or an error with a place, in bounded time and memory.
#include <cstddef>
#include <cstdint>

#include "fuzz/topology_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(
      gridlock::check_topology_bytes(std::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
