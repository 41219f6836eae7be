// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace gridlock {

/// Where the kernel of a node tells of the plan's file system, its locks and its cluster. What the
/// file system or its stack has not got is empty.
/// Source: fs/gfs2/{glock,sys}.c, fs/dlm/{debug_fs,lockspace}.c, fs/ocfs2/{super,dlmglue}.c,
/// fs/ocfs2/dlm/dlmdebug.c; dlm_controld makes a folder a member in configfs.
struct LockFiles {
  std::string glocks;     ///< every glock with its holders
  std::string sbstats;    ///< what was asked of them
  std::string withdrawn;  ///< whether GFS2 gave the mount up

  std::string dlm_locks;     ///< the kernel's DLM: every lock of its lockspace
  std::string dlm_waiters;   ///< what it waits for from other nodes
  std::string dlm_recovery;  ///< how far a recovery is
  std::vector<std::pair<int, std::string>> dlm_members;  ///< by node: its folder's number

  std::string ocfs2_locks;  ///< every lock of OCFS2 as this node knows it
  std::string ocfs2_state;  ///< what the mount is like
  std::string o2dlm_state;  ///< o2cb's DLM: its members and its recovery
  /// What else o2cb tells, by name: its locks by their masters, and who is heard of.
  std::vector<std::pair<std::string, std::string>> o2cb;
};

LockFiles lock_files(const Plan& plan);

}  // namespace gridlock
