// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "diagnosis/cluster_locks.h"
#include "diagnosis/waits.h"

namespace gridlock::diagnosis {
namespace {

using Ocfs2Use = ClusterLocks::Ocfs2Use;

bool is_in_ocfs2_lock(const std::vector<std::string>& frames) {
  return std::any_of(frames.begin(), frames.end(), [](const std::string& frame) {
    return frame.starts_with("__ocfs2_cluster_lock") || frame.starts_with("ocfs2_wait_for_mask") ||
           frame == "ocfs2_file_lock";
  });
}

bool is_in_ocfs2(const std::vector<std::string>& frames) {
  return std::any_of(frames.begin(), frames.end(), [](const std::string& frame) {
    return frame.starts_with("ocfs2_") || frame.starts_with("__ocfs2_");
  });
}

/// OCFS2's own threads and those of its stack hold no lock of a file.
bool is_of_ocfs2(const std::string& name) {
  return name.starts_with("ocfs2") || name.starts_with("o2") || name.starts_with("dlm_");
}

/// The one task of each node that waits for an OCFS2 lock, where no other one is in OCFS2. The file
/// system names no tasks: with several of them, who has and who waits for which lock is not known.
std::map<std::string, int> lone_waiters(const std::vector<NodeFacts>& facts) {
  std::map<std::string, int> lone;
  for (const NodeFacts& node : facts) {
    std::set<int> waiters;
    std::set<int> others;
    const auto add = [&](int pid, const std::string& name, const std::vector<std::string>& frames) {
      if (is_in_ocfs2_lock(frames))
        waiters.insert(pid);
      else if (is_in_ocfs2(frames) && !is_of_ocfs2(name))
        others.insert(pid);
    };
    for (const auto& [pid, task] : node.tasks) add(pid, task.name, task.frames);
    for (const BlockedTask& task : node.log.tasks) add(task.pid, task.name, task.frames);
    std::erase_if(others, [&](int pid) { return waiters.contains(pid); });
    if (waiters.size() == 1 && others.empty()) lone[node.look->node] = *waiters.begin();
  }
  return lone;
}

class Ocfs2Waits {
 public:
  Ocfs2Waits(const std::vector<NodeFacts>& facts, const ClusterLocks& locks, Waits& waits)
      : locks_(locks), waits_(waits), lone_(lone_waiters(facts)) {}

  void add() {
    for (const auto& [resource, uses] : locks_.ocfs2) {
      const Lock lock{Lock::Kind::ocfs2, resource, std::string(ocfs2_type_name(resource)),
                      ocfs2_inode(resource)};
      for (const Ocfs2Use& use : uses)
        if (use.waits) add_requests(lock, use, uses);
    }
    for (const auto& [node, pid] : lone_) add_refusal(node);
  }

 private:
  Party user(const std::string& node, const std::string& resource) const {
    const auto task = lone_.find(node);
    return task == lone_.end() ? Party{Party::Kind::someone, node, 0, resource}
                               : Party{Party::Kind::task, node, task->second, {}};
  }

  /// Who is in the way of a node that asks the cluster for a lock.
  void add_requests(const Lock& lock, const Ocfs2Use& use, const std::vector<Ocfs2Use>& uses) {
    waits_.begin();
    Wait wait{user(use.node, lock.name),
              {},
              lock,
              std::string(mode_name(use.requested)),
              {},
              Wait::How::held};
    bool found = false;
    for (const Ocfs2Use& other : uses) {
      if (&other == &use || compatible(other.level, use.requested)) continue;
      found = true;
      if (other.used == DlmMode::NL)
        wait.to = {Party::Kind::demotion, other.node, 0, lock.name};
      else if (other.node == use.node)  // another open file, and so another task
        wait.to = {Party::Kind::someone, other.node, 0, lock.name};
      else
        wait.to = user(other.node, lock.name);
      wait.has = mode_name(other.level);
      waits_.add(wait);
    }
    if (found) return;
    wait.to = {Party::Kind::nobody, {}, 0, lock.name};
    waits_.add(wait);
  }

  /// A task of a node that asks the cluster for nothing waits until a lock its node has was given
  /// down to another node, which asked first. If one lock alone is like that, it is this one.
  void add_refusal(const std::string& node) {
    const std::pair<const std::string, std::vector<Ocfs2Use>>* awaited = nullptr;
    DlmMode refused = DlmMode::none;
    for (const auto& entry : locks_.ocfs2)
      for (const Ocfs2Use& use : entry.second) {
        if (use.node != node) continue;
        if (use.waits) return;
        if (use.refused == DlmMode::none || use.used == DlmMode::NL) continue;
        if (awaited != nullptr) return;
        awaited = &entry;
        refused = use.refused;
      }
    if (awaited == nullptr) return;
    const std::string& resource = awaited->first;
    const Lock lock{Lock::Kind::ocfs2, resource, std::string(ocfs2_type_name(resource)),
                    ocfs2_inode(resource)};
    waits_.begin();
    for (const Ocfs2Use& other : awaited->second)
      if (other.waits && other.node != node)
        waits_.add({user(node, resource), user(other.node, resource), lock,
                    std::string(mode_name(refused)), std::string(mode_name(other.requested)),
                    Wait::How::queued});
  }

  const ClusterLocks& locks_;
  Waits& waits_;
  std::map<std::string, int> lone_;
};

}  // namespace

void add_ocfs2_waits(const std::vector<NodeFacts>& facts, const ClusterLocks& locks, Waits& waits) {
  Ocfs2Waits(facts, locks, waits).add();
}

}  // namespace gridlock::diagnosis
