// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "topology/topology.h"

namespace gridlock {

/// What every node's kernel is started with, whichever kernel and node it is.
std::string kernel_command_line(const WatchSpec& watch);

}  // namespace gridlock
