// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "workloads/board.h"
#include "workloads/layout.h"
#include "workloads/options.h"
#include "workloads/telling.h"

namespace gridlock::mdio {

/// Watches the transfers of the next node's files, block by block, until the workers of this node
/// have ended. Each block must be one that was written there, whole, and not older than what this
/// node has seen in its place or been told was written, nor newer than what the next node says, if
/// it answers, it had begun to write. Only where the file system promises no whole blocks (a
/// mapping that changes while it is copied; direct reads beside direct writes) is one that is torn
/// looked at again, many times, before it counts.
void observe(const Options& options, const Layout& layout, Board& board, const Versions& told,
             Observer way, WorkerCounters& counters);

/// "buffered", "direct", "mapped"
const char* name_of(Observer way);

}  // namespace gridlock::mdio
