// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gridlock {

/// QEMU processes (argv[0] is a qemu-system-…) with a path at or below `folder` in their command
/// line. Source: /proc/PID/cmdline.
std::vector<pid_t> qemu_processes_of(const std::filesystem::path& folder);

/// How many QEMU processes there are beside those of `folder`.
int other_qemu_processes(const std::filesystem::path& folder);

/// Ends what is left of dead runs in `base`, QEMU processes and iSCSI targets (tgtd) with a path of
/// the run in their command line, and removes their folders; live runs are not touched. Says for
/// each what it was: "removed /var/tmp/gridlock-0/abc, left by a killed run (2 QEMU processes
/// ended)". Throws Error if one cannot be ended or removed.
std::vector<std::string> end_leftovers(const std::filesystem::path& base);

}  // namespace gridlock
