// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
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
  bool operator==(const GlockHolder&) const = default;
};

struct Glock {
  GlockName name;
  GlockMode state = GlockMode::UN;   ///< what this node's lock in the cluster is
  std::vector<GlockHolder> holders;  ///< in queue order
  bool operator==(const Glock&) const = default;
};

/// Reads a debugfs `gfs2/<table>/glocks` file. Lines that make no sense are skipped; at most
/// 65536 glocks with 256 holders each are kept.
/// Source: gfs2_dump_glock() and dump_holder() in fs/gfs2/glock.c.
std::vector<Glock> parse_glocks(std::string_view text);

/// The glocks a console shows, in lines such as "gfs2: fsid=lab:data.1: G:  s:EX n:2/13030 …" and
/// "gfs2: fsid=lab:data.1:  H: s:DF …".
std::vector<Glock> glocks_in(std::span<const std::string> lines);

}  // namespace gridlock
