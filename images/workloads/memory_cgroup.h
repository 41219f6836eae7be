// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>

namespace gridlock::mdio {

/// Moves this process to a memory cgroup of its own, below the one it is in; the hierarchy is
/// mounted if it is not. Throws if the kernel has no memory cgroups or does not let us.
void enter_memory_cgroup();

/// Has the kernel reclaim that much of what this process's cgroup holds, as pressure would; as much
/// as can be is done. Source: memory.reclaim, Documentation/admin-guide/cgroup-v2.rst, since v5.19.
void reclaim_memory(std::size_t bytes);

}  // namespace gridlock::mdio
