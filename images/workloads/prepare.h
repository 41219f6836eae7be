// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "workloads/layout.h"
#include "workloads/options.h"

namespace gridlock::mdio {

/// Makes the files of this node's processes, in the state that is asked for, on disk. Returns the
/// bytes they hold.
std::uint64_t prepare(const Options& options, const Layout& layout);

}  // namespace gridlock::mdio
