// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/duration.h"
#include "machine/virt_connection.h"

namespace gridlock {

/// Writes a machine's memory to `file`, which must not exist, as kdump-zlib. Blocks; throws
/// VirtError, also after `limit`; then there is no file.
///
/// QEMU's dump-guest-memory, to a descriptor that goes over its monitor: the file is ours, wherever
/// QEMU's user may write, and libvirt's own dump would hold the machine's lock all the while.
void write_memory_dump(VirtConnection& connection, const std::string& name,
                       const std::filesystem::path& file, Milliseconds limit);

}  // namespace gridlock
