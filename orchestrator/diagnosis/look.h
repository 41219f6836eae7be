// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gridlock::diagnosis {

/// What one node said of itself at one moment: texts as the kernel gives them, each of which may be
/// empty. A node with nothing but its name did not answer.
struct NodeLook {
  std::string node = {};           ///< how sentences call it: "node1", a host name
  std::optional<int> dlm_id = {};  ///< its number in the DLM
  std::string glocks = {};         ///< debugfs gfs2/<table>/glocks, of one file system
  std::string dlm_locks = {};      ///< debugfs dlm/<lockspace>_locks; empty with lock_nolock
  std::string dlm_waiters = {};    ///< debugfs dlm/<lockspace>_waiters
  std::string ocfs2_locks = {};    ///< debugfs ocfs2/<uuid>/locking_state
  std::string tasks = {};          ///< states and stacks read from /proc: see tasks.h
  std::string console = {};  ///< the kernel's log with sysrq w and d of this moment at its end

  bool answered() const {
    return !glocks.empty() || !dlm_locks.empty() || !dlm_waiters.empty() || !ocfs2_locks.empty() ||
           !tasks.empty() || !console.empty();
  }
};

/// The whole cluster at one moment.
using Look = std::vector<NodeLook>;

/// Names of files by inode number (st_ino), which is a GFS2 inode's block address and so the number
/// of its glock, and the number in OCFS2's lock names.
struct KnownFiles {
  std::map<std::uint64_t, std::string> names;
};

}  // namespace gridlock::diagnosis
