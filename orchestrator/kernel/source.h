// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "host/command_runner.h"
#include "topology/topology.h"

namespace gridlock {

/// Where a kernel's source is, and what it is by content.
struct Source {
  std::string identity;           ///< SHA-256 of the archive, or over the tree's files, or of git's
  std::filesystem::path archive;  ///< of a Debian package, or empty
  std::filesystem::path tree;     ///< of a folder or checkout, or empty
  std::vector<std::filesystem::path> files;  ///< of `tree`, relative to it, sorted
  std::filesystem::path git;                 ///< of a commit: its repository, or empty
  std::string git_tree;                      ///< the commit's tree in it
  std::string commit;   ///< of a git source: the commit, or the one a checkout was made from
  std::string version;  ///< as its Makefile has it: "6.1.90", or a package's name: "6.1"; or empty
  Bytes room;           ///< what a workspace made from it may come to need
};

/// Finds the source. Reading all of it takes seconds, so its identity is remembered in `memory` (a
/// folder) for as long as no file's name, size, inode or times change; a commit's is that of its
/// tree, so that the same content is the same source. Throws HostError naming the package that is
/// not installed, the folder that is not a kernel's source, or the commit that is not there.
Source find_source(const KernelSource& wanted, const std::filesystem::path& memory,
                   CommandRunner& runner, std::stop_token stop);

/// "6.1.90" of the top Makefile of a kernel; empty if it does not say.
std::string version_in_makefile(std::string_view makefile);

/// Puts the source into the new folder `target`, without git's files and what a build in it made.
void copy_source(const Source& source, const std::filesystem::path& target, CommandRunner& runner,
                 std::stop_token stop);

/// Whether a file of a tree (its relative path) was made by a build or belongs to git.
bool is_build_product(const std::filesystem::path& relative);

}  // namespace gridlock
