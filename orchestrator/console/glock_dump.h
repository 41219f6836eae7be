// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  std::string caller;    ///< the function that asked for it, without offset
  bool operator==(const GlockHolder&) const = default;
};

/// An `I:` line: the inode that a glock of type 2 or 5 is for.
struct GlockInode {
  std::uint64_t address = 0;  ///< its block, which is st_ino and the glock's number
  unsigned type = 0;          ///< DT_*: 4 folder, 8 file
  std::uint64_t size = 0;     ///< bytes, as this node knows it
  bool operator==(const GlockInode&) const = default;
};

struct Glock {
  GlockName name;
  GlockMode state = GlockMode::UN;   ///< what this node's lock in the cluster is
  std::vector<GlockHolder> holders;  ///< in queue order
  std::string flags;                 ///< of the `G:` line: "lIqob"; F: frozen by a recovery
  std::optional<GlockInode> inode;
  bool operator==(const Glock&) const = default;
};

/// Calls `take` for each glock of a debugfs `gfs2/<table>/glocks` file, in order. Lines that make
/// no sense are skipped; at most 1024 holders of a glock are kept. Memory does not depend on the
/// size of the file: the glock is valid during the call. Source: gfs2_dump_glock(), dump_holder()
/// and inode_go_dump() in fs/gfs2.
void each_glock(std::string_view text, const std::function<void(const Glock&)>& take);

/// The glocks a console shows, in lines such as "gfs2: fsid=lab:data.1: G:  s:EX n:2/13030 …" and
/// "gfs2: fsid=lab:data.1:  H: s:DF …".
std::vector<Glock> glocks_in(std::span<const std::string> lines);

}  // namespace gridlock
