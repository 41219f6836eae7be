// SPDX-License-Identifier: GPL-2.0-or-later
// Console bytes to findings: the same however they are cut, ordered, printable, found again.
#include <cstddef>
#include <cstdint>

#include "fuzz/console_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(gridlock::fuzz::check_console_bytes(
      std::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
