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
#include "plan/plan.h"

namespace gridlock {

/// What the nodes of a plan run from.
struct Prepared {
  std::map<std::string, BuiltKernel> kernels;  ///< by name
  BuiltImage image;
};

/// Builds the plan's kernels (a kernel before those derived from it) and the node image, or finds
/// them in the cache. Starts no machine. Throws HostError, Cancelled.
Prepared prepare(const Plan& plan, const Installation& installation, CommandRunner& runner,
                 Progress& progress, std::stop_token stop);

/// The symbols of each kernel, by name.
std::map<std::string, std::filesystem::path> vmlinux_of(const Prepared& prepared);

}  // namespace gridlock
