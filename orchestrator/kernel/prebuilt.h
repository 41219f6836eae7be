// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/command_runner.h"
#include "host/progress.h"
#include "kernel/builder.h"

namespace gridlock {

/// The parts of a kernel that nobody has to build.
struct PrebuiltFiles {
  std::filesystem::path image;
  std::filesystem::path config;   ///< empty if it has none
  std::filesystem::path modules;  ///< …/lib/modules/RELEASE with modules.dep; empty if it has none
  std::string package;            ///< "linux-image-6.1.0-18-amd64 6.1.76-1", or empty
};

/// The kernel's package that a metapackage such as linux-image-amd64 depends on, out of what
/// `apt-cache show` says of it; empty if it is none.
std::string kernel_package_of(std::string_view apt_cache_show);

/// Finds the files of a prebuilt kernel. A package that is installed is taken where it is; another
/// one is downloaded with apt-get and unpacked into `packages`, once. Throws HostError.
PrebuiltFiles find_prebuilt(const PrebuiltKernel& wanted, const std::filesystem::path& packages,
                            CommandRunner& runner, Progress& progress, std::stop_token stop);

/// Makes an entry of the cache from them, or finds it. Throws HostError if the image is none, or is
/// not of the release that its modules are.
BuiltKernel take_prebuilt(const std::string& name, const PrebuiltFiles& files,
                          const std::filesystem::path& kernels, std::stop_token stop);

}  // namespace gridlock
