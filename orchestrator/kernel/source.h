// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "host/command_runner.h"
#include "topology/topology.h"

namespace gridlock {

/// Where a kernel's source is, and what it is by content.
struct Source {
  std::string identity;           ///< SHA-256 of the archive, or over the tree's files
  std::filesystem::path archive;  ///< of a Debian package, or empty
  std::filesystem::path tree;     ///< of a folder, or empty
  Bytes room;                     ///< what a workspace made from it may come to need
};

/// Finds the source. Reading all of it takes seconds, so its identity is remembered in `memory` (a
/// folder) for as long as no file's name, size, inode or times change. Throws HostError naming the
/// package that is not installed or the folder that is not a kernel's source.
Source find_source(const KernelSource& wanted, const std::filesystem::path& memory,
                   std::stop_token stop);

/// Puts the source into the new folder `target`, without git's files and what a build in it made.
void copy_source(const Source& source, const std::filesystem::path& target, CommandRunner& runner,
                 std::stop_token stop);

/// Whether a file of a tree (its relative path) was made by a build or belongs to git.
bool is_build_product(const std::filesystem::path& relative);

}  // namespace gridlock
