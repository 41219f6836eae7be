// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/facts.h"

#include <algorithm>

namespace gridlock::diagnosis {

const std::vector<std::string>& NodeFacts::frames(int pid) const {
  static const std::vector<std::string> kNone;
  if (const auto task = tasks.find(pid); task != tasks.end() && !task->second.frames.empty())
    return task->second.frames;
  const auto blocked =
      std::lower_bound(log.tasks.begin(), log.tasks.end(), pid,
                       [](const BlockedTask& task, int wanted) { return task.pid < wanted; });
  return blocked != log.tasks.end() && blocked->pid == pid ? blocked->frames : kNone;
}

std::vector<NodeFacts> facts_of(const Heard& heard) {
  std::vector<NodeFacts> facts;
  for (const NodeLook* const node : heard)
    facts.push_back({node, read_tasks(node->tasks), read_kernel_log(node->console),
                     read_dlm_waiters(node->dlm_waiters)});
  return facts;
}

}  // namespace gridlock::diagnosis
