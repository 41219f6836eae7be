// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "host/command_runner.h"
#include "host/progress.h"
#include "plan/plan.h"

namespace gridlock {

/// A kernel in the cache.
struct BuiltKernel {
  std::string name;
  std::string key;                  ///< SHA-256 over source, patches, config and compiler
  std::filesystem::path directory;  ///< holds what is below, and manifest.json
  std::filesystem::path image;      ///< bzImage
  std::filesystem::path vmlinux;    ///< with symbols, and DWARF if the config asks for it; of a
                                    ///< prebuilt kernel empty
  std::filesystem::path config;     ///< the final .config; of an image that came alone, a comment
  std::filesystem::path modules;    ///< …/lib/modules/RELEASE; empty: it has none
  std::string release;              ///< what `uname -r` will say
  Milliseconds build_time{0};       ///< of the build that made it
  int objects_compiled = 0;         ///< by that build
  bool from_cache = false;          ///< nothing was built this time
};

/// Looks for all that building `kernel` takes from outside, which is much quicker: its source, its
/// patches and its fragments. Throws as build_kernel does.
void require_inputs(const PlannedKernel& kernel, const std::filesystem::path& cache,
                    CommandRunner& runner, std::stop_token stop);

/// Builds `kernel`, or takes one that is built already, or finds it in `cache` (…/gridlock). Safe
/// against other builders and against having been killed at any time. Throws HostError naming the
/// patch and hunk, the compiler's own lines, the config symbol that was lost, or the package that
/// is missing.
BuiltKernel build_kernel(const PlannedKernel& kernel, const std::filesystem::path& cache,
                         CommandRunner& runner, Progress& progress, std::stop_token stop);

}  // namespace gridlock
