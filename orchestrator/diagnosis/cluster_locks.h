// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnosis/dlm_locks.h"
#include "diagnosis/glocks.h"
#include "diagnosis/heard.h"
#include "diagnosis/ocfs2_locks.h"

namespace gridlock::diagnosis {

/// What the dumps of one moment say of the locks that somebody waits for, joined by their names.
struct ClusterLocks {
  struct Node {
    std::string name;
    bool answered = false;    ///< gave any text
    bool has_glocks = false;  ///< gave a dump of glocks
    std::map<GlockName, Glock> glocks;
  };
  /// A lock of a node in the DLM.
  struct DlmUse {
    DlmLock::Queue queue = DlmLock::Queue::granted;
    DlmMode granted = DlmMode::none;
    DlmMode requested = DlmMode::none;
    int pid = 0;
    std::optional<std::size_t> place;  ///< in the master's order of the queues, where that is known
  };
  struct Ocfs2Use {
    std::string node;
    DlmMode level = DlmMode::none;
    DlmMode requested = DlmMode::none;
    DlmMode used = DlmMode::NL;
    bool waits = false;
    DlmMode refused = DlmMode::none;  ///< to tasks of the node: see Ocfs2Lock
  };
  /// A node's name and the id of its lock there.
  using DlmOwner = std::pair<std::string, std::uint32_t>;

  std::vector<Node> nodes;                                             ///< in the look's order
  std::map<std::string, std::map<DlmOwner, DlmUse>, std::less<>> dlm;  ///< by resource
  std::map<std::string, std::vector<Ocfs2Use>, std::less<>> ocfs2;     ///< by resource

  const Node* find(std::string_view name) const;
};

ClusterLocks read_cluster_locks(const Heard& heard);

}  // namespace gridlock::diagnosis
