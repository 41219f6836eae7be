// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace gridlock {

/// Where the kernel of a starter topology comes from.
enum class StarterSource { package, dir, git };

/// What a person says of a lab they want.
struct Starter {
  std::string name;
  StarterSource source = StarterSource::package;
  std::string from = "linux-source-6.1";  ///< the package, or the path as it is written in the file
  std::string ref;                        ///< of git; empty: HEAD
  std::vector<std::string> patches;       ///< as they are written in the file; none: one kernel
  int nodes = 2;
  std::string filesystem = "gfs2";   ///< as `filesystem.type` takes it
  std::string transport = "virtio";  ///< as a disk's `transport` takes it
};

/// A topology with comments that says so: an unpatched kernel and one made from it with the
/// patches, and workloads that every file system must bear. The comments are the key tables'
/// meanings.
std::string starter_topology(const Starter& starter);

}  // namespace gridlock
