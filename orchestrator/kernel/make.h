// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "host/command_runner.h"
#include "host/progress.h"
#include "kernel/config.h"
#include "kernel/workspace.h"

namespace gridlock {

/// What a build of a workspace is told.
struct MakeJob {
  std::string name;           ///< of the kernel, for progress and messages
  std::string local_version;  ///< end of what `uname -r` will say
  int lock = -1;              ///< descriptor of the workspace's lock: make keeps it while it lives
  int expected_objects = 0;   ///< for the progress; 0: unknown
  std::string version = {};   ///< of the kernel: "6.1.90"; for messages
};

/// Raised for a compile error, as opposed to a failure of make itself.
class CompileError : public HostError {
  using HostError::HostError;
};

/// What of `requests` the tree's configuration does not have, and why.
ConfigLosses config_losses(const Workspace& workspace, const std::vector<ConfigRequest>& requests);

/// Configures the tree with `requests` on top of allnoconfig and makes kbuild's own tools. What
/// this kernel does not know is left out and told to `progress`. Throws HostError naming the
/// symbols that the final configuration lost, or that a lab needs.
void prepare_tree(Workspace& workspace, const std::vector<ConfigRequest>& requests,
                  const MakeJob& job, CommandRunner& runner, Progress& progress,
                  std::stop_token stop);

/// Whether the tree is configured to have modules.
bool has_modules(const Workspace& workspace);

/// Puts the modules of a kernel that was made below `target`, as lib/modules/RELEASE, without
/// symbols.
void install_modules(Workspace& workspace, const MakeJob& job, const std::filesystem::path& target,
                     CommandRunner& runner, std::stop_token stop);

/// Makes bzImage, and modules if there are any. Returns the number of objects compiled. The whole
/// output is in <workspace>/build.log. Throws CompileError with the compiler's own lines.
int make_kernel(Workspace& workspace, const MakeJob& job, CommandRunner& runner, Progress& progress,
                std::stop_token stop);

}  // namespace gridlock
