// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "diagnosis/facts.h"
#include "diagnosis/heard.h"
#include "diagnosis/wait.h"

namespace gridlock::diagnosis {

struct ClusterLocks;

/// Collects waits; both a look's and one waiter's number are bounded.
class Waits {
 public:
  static constexpr std::size_t kMaxWaits = 65536;
  static constexpr std::size_t kMaxOfOne = 64;  ///< more in one's way add nothing

  /// Begins with another waiter.
  void begin() { left_ = kMaxOfOne; }
  bool is_full() const { return left_ == 0 || all_.size() >= kMaxWaits; }
  void add(Wait wait) {
    if (is_full()) return;
    --left_;
    all_.insert(std::move(wait));
  }
  const std::set<Wait>& all() const { return all_; }

 private:
  std::set<Wait> all_;
  std::size_t left_ = kMaxOfOne;
};

/// All waits of one moment. `facts` are of the same look.
/// A task that wants a glock waits for those that hold it on its node in an incompatible mode or
/// were queued before it, and for the holders on every other node whose cluster lock is
/// incompatible (may_grant() in fs/gfs2/glock.c, can_be_granted() in fs/dlm/lock.c).
struct Moment {
  std::set<Wait> waits;
  std::map<TaskId, std::string> names;  ///< of tasks that have or want a lock; printable
};
Moment waits_of(const Heard& heard, const std::vector<NodeFacts>& facts);

// Its parts, each for one kind of lock.
void add_glock_waits(const Heard& heard, const std::vector<NodeFacts>& facts,
                     const ClusterLocks& locks, Waits& waits);
void add_dlm_waits(const ClusterLocks& locks, Waits& waits);
void add_ocfs2_waits(const std::vector<NodeFacts>& facts, const ClusterLocks& locks, Waits& waits);
void add_kernel_lock_waits(const std::vector<NodeFacts>& facts, Waits& waits);

}  // namespace gridlock::diagnosis
