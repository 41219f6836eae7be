// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "workloads/board.h"
#include "workloads/layout.h"
#include "workloads/options.h"

namespace gridlock::mdio {

/// Does `what` to this node's files until the workers have ended, and never to their data: truncate
/// and punch work in the spare room behind it. (Eviction is done by the workers' own processes,
/// whose pages they are.) What it did counts as operations.
void disturb(const Options& options, const Layout& layout, const Board& board, Disturbance what,
             WorkerCounters& counters);

/// "truncate", "punch", "demote"
const char* name_of(Disturbance what);

}  // namespace gridlock::mdio
