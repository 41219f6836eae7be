// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "diagnosis/diagnose.h"
#include "record/run_record.h"
#include "trial/lab.h"
#include "watch/evidence.h"
#include "watch/standstill.h"
#include "workload/workload_run.h"

namespace gridlock {

/// Looks after workers that stand still. One that did nothing for `watch.stall` is looked into at
/// once, with two looks at all nodes; what that shows decides: a circle of waits is a deadlock, and
/// is told there and then; a spin, a stopped process or a wait for nothing that moves is told when
/// the time a machine so slow deserves has passed; what moves by other means (a disk at work, a
/// recovery) is let go on, for a while.
class StallWatch {
 public:
  /// A node that is let go on.
  struct Slow {
    NodeId node;
    std::string why;
    Milliseconds patience{0};  ///< it had so far, from when it stood still
  };
  /// What was seen of one standstill.
  struct Seen {
    std::vector<std::pair<FindingRecord, NodeId>> findings;  ///< none: only slow
    std::vector<Slow> slow;
    diagnosis::Diagnosis diagnosis;
    bool kernel_locks = false;  ///< the kernels were asked for mutexes and semaphores, too
    Evidence evidence;
  };

  StallWatch(const LabSetting& setting, Lab& lab) : setting_(setting), lab_(lab) {}

  /// Looks after `work` from now on; it must live until end(). `names` are its files by inode.
  void begin(const WorkloadRun& work, const WorkloadSpec& workload,
             std::map<std::uint64_t, std::string> names);
  void end();

  /// Until then everybody may wait for a node to which something was done on purpose: time counts
  /// from there.
  void excuse(SteadyTime until) { excused_ = std::max(excused_, until); }

  /// Whether a node must be looked into now.
  bool due() const;
  /// Looks into it. `broken` are nodes whose kernel hit a BUG. Throws Cancelled only.
  Seen look_into(const std::set<NodeId>& broken, std::stop_token stop);

  /// The programs that are looked after, and the names of their files.
  std::map<NodeId, Agent::JobId> jobs() const;
  const diagnosis::KnownFiles& files() const { return files_; }

  /// The nodes whose workload is known to hang, and how.
  const std::map<NodeId, Standstill::Kind>& stalled() const { return stalled_; }

 private:
  struct Still {
    NodeId node;
    Milliseconds time{0};  ///< for so long
  };
  /// How long a node's workload may stand still before it is looked into.
  Milliseconds limit_of(const WorkloadRun::NodeState& state) const;
  /// Those that stand still longer than that.
  std::vector<Still> still() const;
  /// By how much a node is slower than a machine that does nothing else: now, or at its boot.
  std::map<NodeId, double> slowness(std::stop_token stop) const;
  /// How long a node that stands still is believed to be only slow: the limit, as much longer as a
  /// node so slow takes, or as the host held the nodes back meanwhile.
  Milliseconds patience_with(const Still& still, const std::map<NodeId, double>& slow) const;
  diagnosis::Diagnosis diagnosis_of(const EvidenceLadder& ladder) const;
  /// Says of everybody who stands still what that is. `slow`: by how much nodes are slow.
  void judge(Seen& seen, const Evidence& evidence, const std::map<NodeId, double>& slow);
  std::string last_move(const Still& still) const;
  FindingRecord finding_of(const Standstill& standstill, const Still& still) const;
  void let_go_on(Seen& seen, const Still& still, Milliseconds patience, const std::string& why);

  const LabSetting& setting_;
  Lab& lab_;
  const WorkloadRun* work_ = nullptr;
  Milliseconds between_{0};  ///< the looks that were taken last
  std::string name_;
  Milliseconds first_progress_{0};
  SteadyTime excused_{};
  /// When a node that was found to be only slow is looked into again, and what it had done by then.
  struct Later {
    SteadyTime at;
    SteadyTime progress;
  };
  std::map<NodeId, Later> later_;
  diagnosis::KnownFiles files_;
  std::map<NodeId, Standstill::Kind> stalled_;
};

}  // namespace gridlock
