// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace gridlock {

/// Where kernels and images are kept: the first given of `gridlock_cache` ($GRIDLOCK_CACHE),
/// `xdg_cache_home`/gridlock and `home`/.cache/gridlock. Throws UsageError if none is given or the
/// chosen one is not absolute.
std::filesystem::path cache_directory(const std::string& gridlock_cache,
                                      const std::string& xdg_cache_home, const std::string& home);

/// Where runs keep sockets and scratch disks: /var/tmp/gridlock-<uid>. On a disk, since QEMU opens
/// scratch disks with O_DIRECT, and short, since a UNIX socket's path has at most 107 bytes.
std::filesystem::path run_base_directory();

}  // namespace gridlock
