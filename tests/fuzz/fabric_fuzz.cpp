// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstddef>
#include <cstdint>

#include "fuzz/fabric_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gridlock::fuzz::check_stream(std::as_bytes(std::span(data, size)));
  return 0;
}
