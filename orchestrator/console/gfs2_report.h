// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "console/glock_dump.h"
#include "console/traces.h"

namespace gridlock::console {

/// A task that queued for a glock it holds already.
struct GlockRecursion {
  std::string identity;  ///< "recursion:gfs2:inode:DF>SH:gfs2_fault<gfs2_file_read_iter"
  /// "recursion: mdio/105 holds glock 2/13030 (DF, from vfs_read) and asks for it again (SH, from
  /// __do_fault)"
  std::string sentence;
  std::vector<std::string> frames;  ///< GFS2's innermost and outermost; at least one
};

/// What the lines before a BUG in add_to_queue() say: `original:` and `new:`, each with `pid`,
/// `lock type` and the numeric state, and the glock itself (`glocks`, which may be empty). Source:
/// add_to_queue() in fs/gfs2/glock.c; states in fs/gfs2/glock.h.
std::optional<GlockRecursion> glock_recursion(std::span<const std::string> lines,
                                              std::span<const Glock> glocks, const Trace& trace);

/// What GFS2 says when it finds an error or withdraws.
struct FsError {
  std::string reason;    ///< `assertion "…" failed`; "withdraw" if none was given
  std::string function;  ///< from `function = F`; may be empty
};

/// Source: gfs2_assert_withdraw_i() and its neighbours in fs/gfs2/util.c.
FsError fs_error(std::span<const std::string> lines);

}  // namespace gridlock::console
