// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "guest/crew.h"
#include "plan/plan.h"
#include "watch/wait_graph.h"

namespace gridlock {

/// One rung of the evidence ladder on one node: a file's name and its bytes.
struct EvidenceFile {
  NodeId node;
  std::string name;
  std::string bytes;
};

/// What was found out about a lab that hangs or broke.
struct Evidence {
  std::vector<EvidenceFile> files;
  std::vector<std::string> skipped;  ///< "glocks on node2: no answer within 5s"
  std::vector<NodeDump> first;       ///< glocks and DLM locks of every node that answered
  std::vector<NodeDump> second;      ///< again, at least a second later
};

/// Takes glocks, DLM locks, waiters and blocked tasks from every node at the same time, twice. Each
/// rung is bounded; one that fails is skipped with its reason. Nodes in `broken`, whose kernel hit a
/// BUG or an oops, are not asked for locks: a task that died in gfs2_glock_nq holds the glock's
/// spinlock, and reading the dump would spin on it for ever, agent and all.
Evidence collect_evidence(const Plan& plan, const Crew& crew, const std::set<NodeId>& broken,
                          std::stop_token stop);

}  // namespace gridlock
