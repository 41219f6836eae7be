// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "machine/virt_connection.h"

namespace gridlock {

/// Makes the file that a dump goes into, for nobody else to read. Throws VirtError, also if it is
/// there.
void make_dump_file(const std::filesystem::path& file);

/// Writes a machine's memory to `file`, which make_dump_file() made, as a plain kdump-zlib that
/// names its system (kdump_file.h). Blocks for as long as that takes: libvirt gives up no dump.
/// Throws VirtError; then there is no file.
void write_memory_dump(VirtConnection& connection, const std::string& name,
                       const std::filesystem::path& file);

}  // namespace gridlock
