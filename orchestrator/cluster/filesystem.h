// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace gridlock {

// The only place that knows how each file system is made and mounted.

/// The program that makes the plan's file system on `device`, and its arguments. It needs no
/// cluster. Source: mkfs.gfs2(8), mkfs.ocfs2(8).
std::vector<std::string> mkfs_command(const Plan& plan, const std::string& device);

/// For the node's shell: checks that the kernel has what the file system and its stack need, so
/// that a kernel that lacks it is told from a mount that fails, and prints what is lacking. Ends
/// with status 1 then.
std::string support_script(const Plan& plan);

/// For the node's shell: mounts the plan's file system from `device`. It tries again for `limit`
/// where a mount can come too early.
std::string mount_script(const Plan& plan, const std::string& device, Milliseconds limit);

}  // namespace gridlock
