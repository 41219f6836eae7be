// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "machine/virt_connection.h"

namespace gridlock {

/// Has QEMU listen for a debugger at `socket`, in place of what it listened at before. Blocks;
/// throws VirtError. Source: the monitor command `gdbserver` (gdbstub.c of QEMU 7.2).
void serve_gdb(VirtConnection& connection, const std::string& name,
               const std::filesystem::path& socket);

/// Ends that; QEMU removes the socket.
void stop_gdb(VirtConnection& connection, const std::string& name);

}  // namespace gridlock
