// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "console/glock_dump.h"

namespace gridlock::diagnosis {

/// The DLM's lock modes. Source: include/uapi/linux/dlmconstants.h.
enum class DlmMode { none = -1, NL = 0, CR, CW, PR, PW, EX };

std::string_view mode_name(DlmMode mode);  ///< "PR"; "-" for none
/// Source: __dlm_compat_matrix in fs/dlm/lock.c.
bool compatible(DlmMode a, DlmMode b);
/// As GFS2 asks for it: UN NL, SH PR, DF CW, EX EX.
DlmMode dlm_mode(GlockMode mode);

/// A row of `dlm/<lockspace>_locks`: a lock of this node, or a master's copy of another node's.
struct DlmLock {
  enum class Queue { waiting = 1, granted = 2, converting = 3 };
  std::string_view resource;  ///< the name as printed, borrowed from the text
  std::uint32_t id = 0;
  std::uint32_t remote_id = 0;  ///< the same lock's id on the other node; 0: mastered here
  int node = 0;                 ///< the other node: the master, or of a copy the owner; 0: this one
  int pid = 0;                  ///< the task that asked last: of a granted lock often a kworker
  Queue queue = Queue::granted;
  DlmMode granted = DlmMode::none;
  DlmMode requested = DlmMode::none;
  std::chrono::microseconds queued{0};  ///< in this queue
  bool is_copy = false;                 ///< of another node's lock, kept by the master
  bool mastered_here = false;  ///< rows of one resource are then in the order of the queues
};

/// Calls `take` for each row; rows that make no sense are skipped.
/// Source: print_format2_lock() in fs/dlm/debug_fs.c, Linux 6.1; 12 columns and the quoted name.
void each_dlm_lock(std::string_view text, const std::function<void(const DlmLock&)>& take);

/// A GFS2 glock's name in the DLM: "       2            4269" for 2/4269.
/// Source: gdlm_lock() in fs/gfs2/lock_dlm.c, "%8x%16llx".
std::string resource_of(const GlockName& glock);
std::optional<GlockName> glock_of(std::string_view resource);

/// Adds the names of the resources that a lock waits for or converts on, while there are fewer than
/// 65536. Returns the number of rows.
std::size_t collect_waited_resources(std::string_view text,
                                     std::set<std::string, std::less<>>& waited);

}  // namespace gridlock::diagnosis
