// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "guest/crew.h"
#include "topology/topology.h"

namespace gridlock {

/// A regular file of the host that is put on every node.
struct NodeFile {
  std::filesystem::path from;
  std::string to;  ///< absolute path in the node
  int mode = 0644;
  Bytes size;
};

/// What an exec workload wants on its nodes.
struct NodeFiles {
  static constexpr Bytes kMost = Bytes::mib(256);    ///< together
  static constexpr std::size_t kMostEntries = 1024;  ///< files and folders

  std::vector<NodeFile> files;             ///< sorted by their path in the node
  std::vector<std::string> empty_folders;  ///< paths in the node
};

/// The regular files behind `files`, of folders all that is in them. Throws Error for one that is
/// not there, a symbolic link or another special file, and above the bounds.
NodeFiles list_node_files(const std::vector<ExecSpec::File>& files);

/// Puts `files` on every node, piece by piece. Throws BarrierFailed naming node, file and cause.
void put_files(const Crew& crew, const std::vector<NodeFile>& files, Milliseconds limit,
               std::stop_token stop);

}  // namespace gridlock
