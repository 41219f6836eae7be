// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/cluster_locks.h"
#include "diagnosis/waits.h"

namespace gridlock::diagnosis {
namespace {

Lock lock_of(const std::string& resource) {
  if (const auto glock = glock_of(resource))
    return {Lock::Kind::glock, to_string(*glock), std::string(glock_type_name(glock->type)), 0};
  return {Lock::Kind::dlm, resource, "dlm", 0};
}

/// Whether `other` stands before `own` in the resource's queues: conversions come first.
bool is_before(const ClusterLocks::DlmUse& other, const ClusterLocks::DlmUse& own) {
  if (other.queue != own.queue) return other.queue == DlmLock::Queue::converting;
  return other.place && own.place && *other.place < *own.place;
}

}  // namespace

void add_dlm_waits(const ClusterLocks& locks, Waits& waits) {
  for (const auto& [resource, uses] : locks.dlm) {
    const bool is_glock = glock_of(resource).has_value();
    for (const auto& [owner, use] : uses) {
      const ClusterLocks::Node* const node = locks.find(owner.first);
      // Which task wants a glock is said by the glock, where its dump is there.
      if (use.queue == DlmLock::Queue::granted || use.pid <= 0 || node == nullptr ||
          !node->answered || (is_glock && node->has_glocks))
        continue;
      waits.begin();
      Wait wait{{Party::Kind::task, owner.first, use.pid, {}}, {}, lock_of(resource),
                std::string(mode_name(use.requested)),         {}, Wait::How::held};
      for (const auto& [other_owner, other] : uses) {
        if (other_owner == owner) continue;
        const ClusterLocks::Node* const there = locks.find(other_owner.first);
        const bool answered = there != nullptr && there->answered;
        if (!compatible(other.granted, use.requested)) {
          // The task that asked last for a lock need not be the one that uses it.
          wait.to = {answered ? Party::Kind::someone : Party::Kind::silent, other_owner.first, 0,
                     wait.lock.name};
          wait.has = mode_name(other.granted);
          wait.how = Wait::How::held;
          waits.add(wait);
        }
        if (other.queue == DlmLock::Queue::granted || !is_before(other, use) || other.pid <= 0 ||
            !answered || compatible(other.requested, use.requested))
          continue;
        wait.to = {Party::Kind::task, other_owner.first, other.pid, {}};
        wait.has = mode_name(other.requested);
        wait.how = Wait::How::queued;
        waits.add(wait);
      }
    }
  }
}

}  // namespace gridlock::diagnosis
