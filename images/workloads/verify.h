// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "workloads/layout.h"
#include "workloads/options.h"

namespace gridlock::mdio {

struct Verified {
  std::uint64_t checked = 0;  ///< blocks
  std::uint64_t bad = 0;
  std::string first_bad;  ///< a JSON object, or empty
};

/// Reads the files of the next node, or of the one to look at, as this one sees them, past what it
/// has cached: directly and through the page cache. Every slot must hold exactly what its writers
/// said at their ends that they had left there.
Verified verify(const Options& options, const Layout& layout);

}  // namespace gridlock::mdio
