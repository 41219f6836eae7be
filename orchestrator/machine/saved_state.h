// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "machine/virt_connection.h"

namespace gridlock {

/// Pauses a machine and writes its memory and devices to `file`, which must not exist. It stays
/// paused. Blocks; throws VirtError. On failure the file is gone.
///
/// QEMU's migration stream, to a descriptor that goes over its monitor: libvirt's own save refuses
/// a machine with another UUID, and QEMU as libvirt confines it may open or run nothing itself.
void save_state(VirtConnection& connection, const std::string& name,
                const std::filesystem::path& file);

/// Gives a machine that was started paused, to be filled (`-incoming defer`), the state in
/// `file`. It stays paused. Blocks; throws VirtError: a file that is cut or of another shape ends it.
void load_state(VirtConnection& connection, const std::string& name,
                const std::filesystem::path& file);

}  // namespace gridlock
