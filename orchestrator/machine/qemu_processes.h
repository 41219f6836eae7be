// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/duration.h"

namespace gridlock {

/// The QEMU processes of libvirt's `root`; with `machine`, only that machine's.
std::vector<pid_t> qemu_processes(const std::filesystem::path& root, const std::string& machine);

/// The letter of a process's state as proc(5) has it ("S", "T", "D", …); '\\0' if there is none.
char state_of_process(pid_t process);

/// Waits until no QEMU process of libvirt's `root` is left, at most `patience`; what is then left
/// gets SIGKILL and `kKillLimit` more. With `machine`, only that machine's. Throws Error naming the
/// processes that are still there.
void end_qemu_processes(const std::filesystem::path& root, const std::string& machine,
                        Milliseconds patience);

/// A killed QEMU may have to wait for its disk.
constexpr Milliseconds kKillLimit{10'000};

}  // namespace gridlock
