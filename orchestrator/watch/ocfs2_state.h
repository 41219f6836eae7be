// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace gridlock {

/// What o2cb's DLM says of a domain.
struct O2dlmState {
  std::vector<int> members;  ///< numbers of the nodes in it, rising; at most 255
  bool recovering = false;   ///< this node recovers the locks of one that died
};

/// Reads debugfs `o2dlm/<domain>/dlm_state`; absent: it is none, or it is cut before what is asked.
/// Source: debug_state_print() in fs/ocfs2/dlm/dlmdebug.c.
std::optional<O2dlmState> parse_o2dlm_state(std::string_view text);

/// What OCFS2 says of a mount.
struct Ocfs2State {
  /// An error made it read-only, or it is about to be.
  bool failed = false;
  /// It replays the journals of nodes that died.
  bool recovering = false;
};

/// Reads debugfs `ocfs2/<uuid>/fs_state`; absent: as above.
/// Source: ocfs2_osb_dump() in fs/ocfs2/super.c; OCFS2_OSB_* in fs/ocfs2/ocfs2.h.
std::optional<Ocfs2State> parse_ocfs2_state(std::string_view text);

}  // namespace gridlock
