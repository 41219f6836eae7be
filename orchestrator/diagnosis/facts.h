// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <vector>

#include "diagnosis/dlm_waiters.h"
#include "diagnosis/heard.h"
#include "diagnosis/kernel_log.h"
#include "diagnosis/task_state.h"
#include "diagnosis/tasks.h"

namespace gridlock::diagnosis {

/// What a node's texts say but for its dumps of locks, which are too large to be kept.
struct NodeFacts {
  const NodeLook* look = nullptr;
  std::map<int, TaskSample> tasks;  ///< by TID
  KernelLog log;
  std::vector<DlmReply> replies;

  /// The task's kernel stack, innermost first; empty if none was read.
  const std::vector<std::string>& frames(int pid) const;
};

/// Of every node, in the same order; the nodes' looks have to outlive them.
std::vector<NodeFacts> facts_of(const Heard& heard);

/// As task_states() of the looks.
std::map<TaskId, TaskState> task_states(const std::vector<NodeFacts>& first,
                                        const std::vector<NodeFacts>& second);

}  // namespace gridlock::diagnosis
