// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace gridlock {

/// GFS2's glock modes; the DLM calls them NL, PR, CW and EX.
enum class GlockMode { UN, SH, DF, EX };

std::string_view mode_name(GlockMode mode);

/// Whether two holders can have a glock at the same time. Source: may_grant() in fs/gfs2/glock.c:
/// SH with SH, DF with DF, nothing with EX.
bool compatible(GlockMode a, GlockMode b);

/// A glock's name, the same on all nodes: `n:2/4269`.
struct GlockName {
  unsigned type = 0;         ///< LM_TYPE_*: 2 inode, 3 rgrp, …
  std::uint64_t number = 0;  ///< printed in hexadecimal, as GFS2 does
  auto operator<=>(const GlockName&) const = default;
};

std::string to_string(const GlockName& name);     ///< "2/4269"
std::string_view glock_type_name(unsigned type);  ///< "inode"; "type?" if not known

/// One `H:` line: a task that has a glock or wants it.
struct GlockHolder {
  GlockMode mode = GlockMode::UN;
  bool granted = false;  ///< flag H
  bool waiting = false;  ///< flag W
  int pid = 0;           ///< 0: not a task's (it belongs to the mount)
  std::string comm;      ///< as printed; "(ended)" when the task has died
};

struct Glock {
  GlockName name;
  GlockMode state = GlockMode::UN;   ///< what this node's lock in the cluster is
  std::vector<GlockHolder> holders;  ///< in queue order
};

/// Reads a debugfs `gfs2/<table>/glocks` file. Lines that make no sense are skipped; at most
/// 65536 glocks with 256 holders each are kept.
/// Source: gfs2_dump_glock() and dump_holder() in fs/gfs2/glock.c.
std::vector<Glock> parse_glocks(std::string_view text);

/// In which mode which node has a resource granted. A lock that waits for a conversion keeps its
/// granted mode.
struct DlmGrant {
  GlockName name;
  NodeId owner;
  GlockMode mode = GlockMode::UN;
};

/// Reads a debugfs `dlm/<lockspace>_locks` file of `node`. A master lists the locks of other nodes
/// too. Resources that are not GFS2's are skipped; at most 65536 rows are kept.
/// Source: print_format2_lock() in fs/dlm/debug_fs.c; names as gfs2 makes them, "%8x%16llx".
std::vector<DlmGrant> parse_dlm_locks(std::string_view text, NodeId node);

}  // namespace gridlock
