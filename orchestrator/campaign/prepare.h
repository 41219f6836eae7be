// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>

#include "campaign/installation.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "image/builder.h"
#include "kernel/builder.h"
#include "kernel/initrd.h"
#include "plan/plan.h"

namespace gridlock {

/// What the nodes of a plan run from.
struct Prepared {
  std::map<std::string, BuiltKernel> kernels;  ///< by name
  BuiltImage image;
  /// What the kernels with modules load first, by kernel; those without have none.
  std::map<std::string, Initrd> initrds;

  /// What a node boots of a kernel, by content: the kernel, and what it loads first.
  std::string boot_key(const std::string& kernel) const;
};

/// Builds the plan's kernels (a kernel before those derived from it) and the node image, or finds
/// them in the cache. Starts no machine. Throws HostError, Cancelled, and UsageError for a kernel
/// that has not what the plan's nodes need of it.
Prepared prepare(const Plan& plan, const Installation& installation, CommandRunner& runner,
                 Progress& progress, std::stop_token stop);

/// The symbols of each kernel that has some, by name.
std::map<std::string, std::filesystem::path> vmlinux_of(const Prepared& prepared);

}  // namespace gridlock
