// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/waits.h"

#include "diagnosis/cluster_locks.h"

namespace gridlock::diagnosis {
namespace {

std::map<TaskId, std::string> names_of(const std::vector<NodeFacts>& facts,
                                       const ClusterLocks& locks) {
  std::map<TaskId, std::string> names;
  for (const NodeFacts& node : facts) {
    const std::string& name = node.look->node;
    for (const LikelyOwner& owner : node.log.owners) {
      names[{name, owner.pid}] = owner.name;
      names[{name, owner.owner}] = owner.owner_name;
    }
    for (const LockUser& user : node.log.lock_users) names[{name, user.pid}] = user.name;
    for (const BlockedTask& task : node.log.tasks) names[{name, task.pid}] = task.name;
    for (const auto& [pid, task] : node.tasks)
      if (task.has_stat) names[{name, pid}] = task.name;
  }
  for (const ClusterLocks::Node& node : locks.nodes)
    for (const auto& [name, glock] : node.glocks)
      for (const GlockHolder& holder : glock.holders)
        if (holder.pid > 0) names[{node.name, holder.pid}] = holder.comm;
  return names;
}

}  // namespace

Moment waits_of(const Heard& heard, const std::vector<NodeFacts>& facts) {
  const ClusterLocks locks = read_cluster_locks(heard);
  Waits waits;
  add_glock_waits(heard, facts, locks, waits);
  add_dlm_waits(locks, waits);
  add_ocfs2_waits(facts, locks, waits);
  add_kernel_lock_waits(facts, waits);
  return {waits.all(), names_of(facts, locks)};
}

}  // namespace gridlock::diagnosis
