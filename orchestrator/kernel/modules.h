// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "host/command_runner.h"
#include "kernel/builder.h"
#include "plan/plan.h"

namespace gridlock {

/// A part of the kernel that a lab needs, or likes to have.
struct NeededModule {
  std::string name;      ///< as modprobe(8) knows it: "gfs2"
  std::string symbol;    ///< what builds it: "CONFIG_GFS2_FS"
  std::string what_for;  ///< "the file system"
  bool required = true;
};

/// What the nodes of a plan need of their kernel beside what every kernel has, in the order of
/// loading.
std::vector<NeededModule> needed_modules(const Plan& plan);

/// The modules of `kernel`, which has a folder of them, that must be loaded to have all of
/// `needed`, each after those it needs; what is built in is left out. Throws HostError naming what
/// the kernel has neither built in nor as a module.
std::vector<std::filesystem::path> find_modules(const BuiltKernel& kernel,
                                                const std::vector<NeededModule>& needed,
                                                CommandRunner& runner, std::stop_token stop);

/// Throws UsageError naming what is required and no fragment of a kernel that is to be built asks
/// for: said before the hour that building may take.
void require_requested(const PlannedKernel& kernel, const std::vector<NeededModule>& needed);

/// Throws UsageError naming what a kernel without modules, built with `config`, does not have of
/// what is required, and the fragment to add.
void require_built_in(const BuiltKernel& kernel, const std::vector<NeededModule>& needed);

}  // namespace gridlock
