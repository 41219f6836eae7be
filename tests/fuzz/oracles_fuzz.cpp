// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstddef>
#include <cstdint>

#include "fuzz/oracles_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gridlock::fuzz::check_lockdep_stats(text);
  gridlock::fuzz::check_ocfs2_states(text);
  return 0;
}
