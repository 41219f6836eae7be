// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

#include "workloads/board.h"
#include "workloads/layout.h"
#include "workloads/options.h"
#include "workloads/telling.h"

namespace gridlock::mdio {

/// The transfers of one process, by as many threads as are asked for, until the time is up or
/// `board.stop_wanted`. Notes in `begun` each version before it is written. Keeps what it knows of
/// its slots for whoever verifies. Throws if it could not begin; what goes wrong with transfers is
/// counted.
void run_worker(const Options& options, const Layout& layout, Board& board, Versions& begun,
                std::uint64_t process);

/// "2.1": process and thread, both from 1.
std::string worker_name(std::uint64_t process, std::uint64_t thread);

}  // namespace gridlock::mdio
