// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace gridlock {

/// What `uname -r` will say of a kernel: the first word of the version in a bzImage's header.
/// Throws HostError if the file is no bzImage. Source: Documentation/arch/x86/boot.rst,
/// kernel_version.
std::string release_of_image(const std::filesystem::path& image);

}  // namespace gridlock
