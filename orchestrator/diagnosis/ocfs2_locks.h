// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "diagnosis/dlm_locks.h"

namespace gridlock::diagnosis {

/// A row of debugfs `ocfs2/<uuid>/locking_state`: what one node knows of one lock. It names no
/// tasks.
struct Ocfs2Lock {
  std::string_view resource;          ///< the lock's name, borrowed from the text
  DlmMode level = DlmMode::none;      ///< granted to the node
  DlmMode requested = DlmMode::none;  ///< that it asks for while it is busy
  unsigned readers = 0;               ///< tasks of this node that use it
  unsigned writers = 0;
  bool busy = false;  ///< a request is under way
  /// It is given up when it is not used any more, as flock's is, of which no user is counted.
  bool uncached = false;
  /// Another node asks for it in this mode, for which the node has to give it down; none: nobody.
  DlmMode blocking = DlmMode::none;

  bool waits() const { return busy && requested > level; }
  DlmMode used() const;  ///< as its tasks need it
  /// The least mode in which a task of this node that asks now waits until it was given down; none:
  /// it need not wait. Source: ocfs2_may_continue_on_blocked_lock().
  DlmMode refused() const;
};

/// Calls `take` for each row; rows that make no sense are skipped.
/// Source: ocfs2_dlm_seq_show() in fs/ocfs2/dlmglue.c, versions 1 to 4.
void each_ocfs2_lock(std::string_view text, const std::function<void(const Ocfs2Lock&)>& take);

/// "meta"; "ocfs2" if its first letter is not known. Source: ocfs2_lock_type_char().
std::string_view ocfs2_type_name(std::string_view resource);
/// The block of the inode it guards, which is st_ino; 0 if it guards none.
std::uint64_t ocfs2_inode(std::string_view resource);

/// Adds the names of the locks that the node waits for, while there are fewer than 65536. Returns
/// the number of rows.
std::size_t collect_waited_ocfs2(std::string_view text, std::set<std::string, std::less<>>& waited);

}  // namespace gridlock::diagnosis
