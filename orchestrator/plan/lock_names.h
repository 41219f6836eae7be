// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "topology/topology.h"

namespace gridlock {

/// What the cluster and its file system are called.
struct LockNames {
  std::string cluster;  ///< for corosync or o2cb, and in the superblock
  /// "cluster:name": of GFS2 its lock table, also of a local mount; of OCFS2 the name is its UUID,
  /// 32 capital hexadecimal digits.
  std::string table;
};

/// From the names of topology and disk alone. Source of the limits: mkfs.gfs2(8); mkfs.ocfs2 1.8.7,
/// which takes letters and digits only, OCFS2_CLUSTER_NAME_LEN of them.
LockNames lock_names(FilesystemType type, std::string_view topology, std::string_view disk);

/// What is behind the colon of a lock table: the lockspace in the kernel's DLM, or OCFS2's domain
/// in its own.
std::string lockspace_of(std::string_view lock_table);

}  // namespace gridlock
