// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "host/command_runner.h"

namespace gridlock {

/// An initramfs in the cache.
struct Initrd {
  std::filesystem::path file;
  std::string digest;  ///< SHA-256 of what is in it, and in which order it is loaded
};

/// Makes an initramfs, or finds it in `cache` (…/gridlock): the program `init` and `modules`, which
/// it loads in their order. Compressed modules are unpacked. Safe against other makers and against
/// having been killed at any time. Throws HostError.
Initrd make_initrd(const std::filesystem::path& init,
                   const std::vector<std::filesystem::path>& modules,
                   const std::filesystem::path& cache, CommandRunner& runner, std::stop_token stop);

}  // namespace gridlock
