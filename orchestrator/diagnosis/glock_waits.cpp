// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <utility>

#include "diagnosis/cluster_locks.h"
#include "diagnosis/waits.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::string_view kEnded = "(ended)";

Lock lock_of(const GlockName& name) {
  constexpr unsigned kInode = 2;
  constexpr unsigned kOpen = 5;
  const bool is_inode = name.type == kInode || name.type == kOpen;
  return {Lock::Kind::glock, to_string(name), std::string(glock_type_name(name.type)),
          is_inode ? name.number : 0};
}

Party party_of(const std::string& node, const Lock& lock, const GlockHolder& holder) {
  if (holder.pid <= 0) return {Party::Kind::mount, node, 0, lock.name};
  if (holder.comm == kEnded) return {Party::Kind::ended, node, holder.pid, {}};
  return {Party::Kind::task, node, holder.pid, {}};
}

/// The one task on a node that works on giving a glock down; absent if there are none or several.
std::optional<int> demoting_task(const NodeFacts& facts) {
  constexpr std::array<std::string_view, 5> kWork{"glock_work_func", "do_xmote", "inode_go_sync",
                                                  "inode_go_inval", "rgrp_go_sync"};
  std::set<int> tasks;
  const auto look_at = [&](int pid, const std::vector<std::string>& frames) {
    if (std::find_first_of(frames.begin(), frames.end(), kWork.begin(), kWork.end()) !=
        frames.end())
      tasks.insert(pid);
  };
  for (const auto& [pid, task] : facts.tasks) look_at(pid, task.frames);
  for (const BlockedTask& task : facts.log.tasks) look_at(task.pid, task.frames);
  if (tasks.size() != 1) return std::nullopt;
  return *tasks.begin();
}

/// The waits for glocks of one moment.
class GlockWaits {
 public:
  GlockWaits(const Heard& heard, const std::vector<NodeFacts>& facts, const ClusterLocks& locks,
             Waits& waits)
      : heard_(heard), facts_(facts), locks_(locks), waits_(waits) {}

  void add_all() {
    for (std::size_t i = 0; i < locks_.nodes.size(); ++i)
      for (const auto& [name, glock] : locks_.nodes[i].glocks)
        for (std::size_t waiter = 0; waiter < glock.holders.size(); ++waiter)
          if (glock.holders[waiter].waiting) add(i, glock, waiter);
  }

 private:
  void add(std::size_t node, const Glock& glock, std::size_t waiter) {
    const GlockHolder& own = glock.holders[waiter];
    const ClusterLocks::Node& here = locks_.nodes[node];
    wait_.lock = lock_of(glock.name);
    wait_.from = party_of(here.name, wait_.lock, own);
    if (wait_.from.kind != Party::Kind::task) return;
    wait_.wanted = mode_name(own.mode);
    mode_ = own.mode;
    resource_ = resource_of(glock.name);
    waits_.begin();
    found_ = false;
    found_task_ = false;
    if (glock.flags.find('F') != std::string::npos) add_party(Party::Kind::recovery, here.name);
    add_local(here.name, glock, waiter);
    add_remote(here.name, glock.name);
    if (!found_task_) add_replies(node);
    if (found_) return;
    const bool is_demoting = glock.flags.find('p') != std::string::npos;
    if (is_demoting)
      add_demotion(here.name);
    else if (const auto silent =
                 std::ranges::find(locks_.nodes, false, &ClusterLocks::Node::answered);
             silent != locks_.nodes.end())
      add_party(Party::Kind::silent, silent->name);
    else
      add_party(Party::Kind::nobody, {});
  }

  void add_local(const std::string& node, const Glock& glock, std::size_t waiter) {
    for (std::size_t i = 0; i < glock.holders.size() && !waits_.is_full(); ++i) {
      const GlockHolder& other = glock.holders[i];
      const bool before = other.waiting && i < waiter;
      if ((other.granted || before) && !gridlock::compatible(other.mode, mode_))
        add_holder(node, other);
    }
  }

  /// Whoever has the resource in the DLM, or wants it there and asked before `node`.
  void add_remote(const std::string& node, const GlockName& name) {
    const auto uses = locks_.dlm.find(resource_);
    std::optional<std::size_t> place;
    std::set<std::string> said;  // nodes whose cluster lock the DLM's dumps show
    if (uses != locks_.dlm.end()) {
      for (const auto& [owner, use] : uses->second)
        if (owner.first == node) place = use.place;
      for (const auto& [owner, use] : uses->second) {
        said.insert(owner.first);
        if (owner.first != node) add_use(owner.first, name, use, place);
      }
    }
    for (const ClusterLocks::Node& other : locks_.nodes) {
      if (other.name == node || said.contains(other.name)) continue;
      const auto glock = other.glocks.find(name);
      if (glock != other.glocks.end() && !gridlock::compatible(glock->second.state, mode_))
        add_holders(other, name, dlm_mode(glock->second.state));
    }
  }

  void add_use(const std::string& owner, const GlockName& name, const ClusterLocks::DlmUse& use,
               std::optional<std::size_t> place) {
    const ClusterLocks::Node* const other = locks_.find(owner);
    if (!compatible(use.granted, dlm_mode(mode_))) {
      if (other == nullptr || !other->answered)
        add_party(Party::Kind::silent, owner, use.granted);
      else
        add_holders(*other, name, use.granted);
    }
    const bool is_before = use.queue != DlmLock::Queue::granted && use.place && place &&
                           *use.place < *place && !compatible(use.requested, dlm_mode(mode_));
    if (!is_before || other == nullptr) return;
    const auto glock = other->glocks.find(name);
    if (glock == other->glocks.end()) return;
    for (const GlockHolder& waiter : glock->second.holders)
      if (waiter.waiting) add_holder(owner, waiter);
  }

  /// Those that keep another node from giving its cluster lock down.
  void add_holders(const ClusterLocks::Node& other, const GlockName& name, DlmMode mode) {
    if (!other.has_glocks) return add_party(Party::Kind::someone, other.name, mode);
    const auto glock = other.glocks.find(name);
    bool any = false;
    if (glock != other.glocks.end())
      for (const GlockHolder& holder : glock->second.holders)
        if (holder.granted) {
          any = true;
          add_holder(other.name, holder);
        }
    if (!any) add_demotion(other.name);
  }

  /// Messages about the resource that other nodes have not answered.
  void add_replies(std::size_t node) {
    for (const DlmReply& reply : facts_[node].replies)
      if (reply.resource == resource_) add_party(Party::Kind::reply, node_name(heard_, reply.node));
  }

  /// A cluster lock without users has to be given down; a task that works on it may be known.
  void add_demotion(const std::string& node) {
    add_party(Party::Kind::demotion, node);
    for (const NodeFacts& facts : facts_) {
      if (facts.look->node != node) continue;
      if (const auto task = demoting_task(facts))
        waits_.add({{Party::Kind::demotion, node, 0, wait_.lock.name},
                    {Party::Kind::task, node, *task, {}},
                    wait_.lock,
                    {},
                    {},
                    Wait::How::works});
    }
  }

  void add_holder(const std::string& node, const GlockHolder& holder) {
    wait_.to = party_of(node, wait_.lock, holder);
    wait_.has = mode_name(holder.mode);
    wait_.how = holder.granted ? Wait::How::held : Wait::How::queued;
    found_task_ = found_task_ || wait_.to.kind == Party::Kind::task;
    add_wait();
  }
  void add_party(Party::Kind kind, const std::string& node, DlmMode mode = DlmMode::none) {
    wait_.to = {kind, node, 0, wait_.lock.name};
    wait_.has = mode == DlmMode::none ? std::string() : std::string(mode_name(mode));
    wait_.how = Wait::How::held;
    add_wait();
  }
  void add_wait() {
    found_ = true;
    waits_.add(wait_);
  }

  const Heard& heard_;
  const std::vector<NodeFacts>& facts_;
  const ClusterLocks& locks_;
  Waits& waits_;
  // Of the waiter at hand:
  Wait wait_;
  GlockMode mode_ = GlockMode::UN;
  std::string resource_;
  bool found_ = false;       // something is in its way
  bool found_task_ = false;  // a task is
};

}  // namespace

void add_glock_waits(const Heard& heard, const std::vector<NodeFacts>& facts,
                     const ClusterLocks& locks, Waits& waits) {
  GlockWaits(heard, facts, locks, waits).add_all();
}

}  // namespace gridlock::diagnosis
