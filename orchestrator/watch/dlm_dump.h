// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>
#include <vector>

#include "base/ids.h"
#include "console/glock_dump.h"

namespace gridlock {

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
