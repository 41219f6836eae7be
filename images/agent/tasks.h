// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <set>

#include "agent/child.h"

namespace gridlock::agent {

/// Which tasks outside of the sessions are described too: those in state D, or none.
enum class Blocked { of_the_sessions, all_of_the_node };

/// What a child of `tasks` does: emits what every thread of every process of `sessions` does, a
/// block of lines each, as PROTOCOL.md says; the last line is "error cut" if `limit` bytes are not
/// enough for all.
///
/// Reads stat, wchan, syscall and stack below /proc/PID/task/TID only. What shows the address space
/// (cmdline, maps, environ, exe) takes mmap_lock, which a task that hangs in a page fault holds.
bool describe_tasks(const std::set<pid_t>& sessions, Blocked blocked, std::size_t limit,
                    const Emit& emit);

}  // namespace gridlock::agent
