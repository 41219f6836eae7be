// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/cluster_locks.h"

#include <algorithm>

#include "base/ids.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxUses = 1 << 20;  // of locks that somebody waits for, of all nodes

/// Names of the locks that somebody waits for, on any node.
struct Waited {
  std::set<GlockName> glocks;
  std::set<std::string, std::less<>> resources;
  std::set<std::string, std::less<>> ocfs2;
};

Waited waited_in(const Heard& heard) {
  Waited waited;
  for (const NodeLook* const node : heard) {
    collect_waited_glocks(node->glocks, waited.glocks);
    collect_waited_resources(node->dlm_locks, waited.resources);
    collect_waited_ocfs2(node->ocfs2_locks, waited.ocfs2);
  }
  for (const GlockName& glock : waited.glocks) waited.resources.insert(resource_of(glock));
  for (const std::string& resource : waited.resources)
    if (const auto glock = glock_of(resource)) waited.glocks.insert(*glock);
  return waited;
}

class DlmJoin {
 public:
  DlmJoin(const Heard& heard, const Waited& waited, ClusterLocks& locks)
      : heard_(heard), waited_(waited), locks_(locks) {}

  /// A node's word on its own locks is better than its master's copy, which may be older.
  void read() {
    for (const bool own : {false, true})
      for (const NodeLook* const node : heard_) {
        std::size_t place = 0;
        each_dlm_lock(node->dlm_locks, [&](const DlmLock& lock) {
          ++place;
          if (lock.is_copy != own && waited_.resources.contains(lock.resource))
            take(*node, lock, place);
        });
      }
  }

 private:
  void take(const NodeLook& node, const DlmLock& lock, std::size_t place) {
    if (uses_ == kMaxUses) return;
    auto resource = locks_.dlm.find(lock.resource);
    if (resource == locks_.dlm.end())
      resource = locks_.dlm.emplace(std::string(lock.resource), decltype(resource->second){}).first;
    const std::string owner = lock.is_copy ? node_name(heard_, lock.node) : node.node;
    auto [at, is_new] =
        resource->second.try_emplace({owner, lock.is_copy ? lock.remote_id : lock.id});
    uses_ += is_new ? 1 : 0;
    ClusterLocks::DlmUse& use = at->second;
    use.queue = lock.queue;
    use.granted = lock.granted;
    use.requested = lock.requested;
    // The master's copy has the task of the owner's node as well, but a recovered one may not.
    if (!lock.is_copy || use.pid == 0) use.pid = lock.pid;
    if (lock.mastered_here) use.place = place;
  }

  const Heard& heard_;
  const Waited& waited_;
  ClusterLocks& locks_;
  std::size_t uses_ = 0;
};

void read_ocfs2(const Heard& heard, const Waited& waited, ClusterLocks& locks) {
  std::size_t uses = 0;
  for (const NodeLook* const node : heard)
    each_ocfs2_lock(node->ocfs2_locks, [&](const Ocfs2Lock& lock) {
      if (!waited.ocfs2.contains(lock.resource) || uses == kMaxUses) return;
      ++uses;
      locks.ocfs2[std::string(lock.resource)].push_back(
          {node->node, lock.level, lock.requested, lock.used(), lock.waits(), lock.refused()});
    });
}

}  // namespace

const ClusterLocks::Node* ClusterLocks::find(std::string_view name) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [name](const Node& node) { return node.name == name; });
  return found == nodes.end() ? nullptr : &*found;
}

std::string node_name(const Heard& heard, int dlm_id) {
  const auto found = std::find_if(heard.begin(), heard.end(), [dlm_id](const NodeLook* node) {
    return node->dlm_id == dlm_id;
  });
  return found == heard.end() ? "node" + std::to_string(dlm_id) : (*found)->node;
}

ClusterLocks read_cluster_locks(const Heard& heard) {
  const Waited waited = waited_in(heard);
  ClusterLocks locks;
  for (const NodeLook* const node : heard)
    locks.nodes.push_back({node->node, node->answered(), !node->glocks.empty(),
                           read_glocks(node->glocks, waited.glocks)});
  DlmJoin(heard, waited, locks).read();
  read_ocfs2(heard, waited, locks);
  return locks;
}

}  // namespace gridlock::diagnosis
