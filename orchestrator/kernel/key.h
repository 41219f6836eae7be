// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "kernel/patches.h"

namespace gridlock {

/// What a kernel is by content.
struct KernelIdentity {
  std::string source;    ///< Source::identity
  std::string config;    ///< merged_text() of its fragments
  std::string compiler;  ///< compiler_identity()
};

/// Names the workspace: kernels that differ only in patches share one.
std::string workspace_key(const KernelIdentity& identity);

/// Names the kernel in the cache. The patches' texts and order count, their names do not.
std::string kernel_key(const KernelIdentity& identity, const std::vector<Patch>& patches);

/// The end of what `uname -r` says, so that a node proves which kernel it runs: "-gl-1a2b3c4d".
std::string local_version(const std::string& kernel_key);

}  // namespace gridlock
