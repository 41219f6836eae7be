// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "host/command_runner.h"
#include "host/progress.h"

namespace gridlock {

struct ImageSpec {
  std::filesystem::path recipe;    ///< images/rootfs: package list and files laid over the root
  std::filesystem::path programs;  ///< folder with the built agent and workload programs
};

/// A node image in the cache: one read-only disk for all nodes.
struct BuiltImage {
  std::string key;
  std::filesystem::path disk;      ///< root.erofs
  std::filesystem::path manifest;  ///< package names and versions
  Milliseconds build_time{0};
  bool from_cache = false;
};

/// Builds the image, or finds it in `cache`. Safe against other builders and kills. Throws
/// HostError.
BuiltImage build_image(const ImageSpec& spec, const std::filesystem::path& cache,
                       CommandRunner& runner, Progress& progress, std::stop_token stop);

}  // namespace gridlock
