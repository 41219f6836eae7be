// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "diagnosis/cluster_locks.h"
#include "diagnosis/waits.h"

namespace gridlock::diagnosis {
namespace {

bool is_in_ocfs2_lock(const std::vector<std::string>& frames) {
  return std::any_of(frames.begin(), frames.end(), [](const std::string& frame) {
    return frame.starts_with("__ocfs2_cluster_lock") || frame.starts_with("ocfs2_wait_for_mask");
  });
}

/// The one task of each node that waits for an OCFS2 lock. The file system names no tasks: with
/// several such tasks, who waits for which lock is not known.
std::map<std::string, int> lone_waiters(const std::vector<NodeFacts>& facts) {
  std::map<std::string, int> lone;
  for (const NodeFacts& node : facts) {
    std::set<int> tasks;
    for (const auto& [pid, task] : node.tasks)
      if (is_in_ocfs2_lock(task.frames)) tasks.insert(pid);
    for (const BlockedTask& task : node.log.tasks)
      if (is_in_ocfs2_lock(task.frames)) tasks.insert(task.pid);
    if (tasks.size() == 1) lone[node.look->node] = *tasks.begin();
  }
  return lone;
}

}  // namespace

void add_ocfs2_waits(const std::vector<NodeFacts>& facts, const ClusterLocks& locks, Waits& waits) {
  const std::map<std::string, int> lone = lone_waiters(facts);
  const auto user = [&](const std::string& node, const std::string& resource) {
    const auto task = lone.find(node);
    return task == lone.end() ? Party{Party::Kind::someone, node, 0, resource}
                              : Party{Party::Kind::task, node, task->second, {}};
  };
  for (const auto& [resource, uses] : locks.ocfs2) {
    const Lock lock{Lock::Kind::ocfs2, resource, std::string(ocfs2_type_name(resource)),
                    ocfs2_inode(resource)};
    for (const ClusterLocks::Ocfs2Use& use : uses) {
      if (!use.waits) continue;
      waits.begin();
      Wait wait{user(use.node, resource), {}, lock, std::string(mode_name(use.requested)), {},
                Wait::How::held};
      bool found = false;
      for (const ClusterLocks::Ocfs2Use& other : uses) {
        if (other.node == use.node || compatible(other.level, use.requested)) continue;
        found = true;
        wait.to = other.used == DlmMode::NL ? Party{Party::Kind::demotion, other.node, 0, resource}
                                            : user(other.node, resource);
        wait.has = mode_name(other.level);
        waits.add(wait);
      }
      if (found) continue;
      wait.to = {Party::Kind::nobody, {}, 0, resource};
      waits.add(wait);
    }
  }
}

}  // namespace gridlock::diagnosis
