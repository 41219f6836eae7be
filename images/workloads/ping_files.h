// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "workloads/lock_ping_options.h"

namespace gridlock::lock_ping {

struct Verified {
  std::uint64_t checked = 0;  ///< counters; without any, the one file
  std::uint64_t bad = 0;
  std::string first_bad;  ///< a JSON object, or empty
};

/// Makes the files and this node's state files, as many nodes do at once; what is there stays.
/// Returns the bytes of the files all nodes share.
std::uint64_t prepare(const Options& options);

/// Looks at what all nodes left, past what this one has cached. Every counter must be the sum of
/// what all processes say they added, and no less where a mortal one did. Without counters, the
/// lock file must be there with its size. Throws if the files or what their writers knew cannot be
/// read.
Verified verify(const Options& options);

}  // namespace gridlock::lock_ping
