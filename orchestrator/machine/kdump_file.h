// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace gridlock {

/// Turns the memory image `file`, in kdump's flattened format, which is all that QEMU writes, into
/// the plain one, in place; a dump that is removed meanwhile stays removed. Where the image holds
/// VMCOREINFO, its header is told the release from there and the host name `name`, both of which
/// QEMU leaves empty: without them libkdumpfile 0.5, and so drgn, takes the image for nothing it
/// knows. Throws VirtError, with the file left as it was or empty.
/// Sources: README of makedumpfile, "flattened format"; struct disk_dump_header and
/// kdump_sub_header in diskdump_mod.h of makedumpfile; uts_looks_sane() of libkdumpfile.
void make_kdump_plain(const std::filesystem::path& file, const std::string& name);

}  // namespace gridlock
