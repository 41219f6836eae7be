// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// What the files of `workload` are called, by inode number: paths relative to the mounted file
/// system. The number is the inode's block address too, and so the number of its glock or in its
/// locks' names (fs/gfs2/inode.c, fs/ocfs2/inode.c). Asked of the first node that runs; nothing if it does not answer within
/// `limit` or the files do not exist yet. Throws Cancelled, and NodeLost.
std::map<std::uint64_t, std::string> file_names(const Plan& plan, const WorkloadSpec& workload,
                                                const Crew& crew, Milliseconds limit,
                                                std::stop_token stop);

/// The same of what `gridlock-inodes` printed: lines "INODE PATH", at most 4096.
std::map<std::uint64_t, std::string> file_names_in(std::string_view lines,
                                                   const std::string& folder);

}  // namespace gridlock
