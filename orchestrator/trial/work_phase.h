// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "record/run_record.h"
#include "record/run_writer.h"
#include "trial/checkpoints.h"
#include "trial/fault_timeline.h"
#include "trial/finding_log.h"
#include "trial/investigation.h"
#include "trial/running_lab.h"
#include "trial/trial_observer.h"
#include "workload/workload_run.h"

namespace gridlock {

/// The work of a trial: one workload after another on all nodes of its lab, watched until it has
/// ended or the lab is lost, and judged.
class WorkPhase {
 public:
  /// What it works with; all of it must outlive it.
  struct Place {
    const LabSetting& setting;
    const PlannedTrial& trial;
    RunningLab& lab;
    Investigation& investigation;
    const FindingLog& log;
    Checkpoints& checkpoints;
    TrialWriter& writer;
    TrialObserver& observer;
    TrialRecord& record;                                ///< gets a WorkloadRecord for each
    std::function<void(FindingRecord, NodeId)> report;  ///< takes what was found
    std::function<double()> now;                        ///< seconds since the trial's start
  };
  WorkPhase(Place place, std::stop_token stop);

  /// Makes the workload's files, runs it and judges what it did. Returns early if the lab is known
  /// to be lost and there is nothing more to learn from it. Throws Cancelled, NodeLost, and
  /// BarrierFailed where the workload could not begin.
  void work(const WorkloadSpec& workload);
  /// Each node checks another's data of the workload that ran last.
  void verify();

  /// Whether a workload runs or waits to be verified.
  bool works() const { return work_ != nullptr; }
  /// Stops listening to what still runs.
  void give_up() { work_.reset(); }
  /// What a node had done when it was heard last, for the report of its end; only while it works.
  std::string last_sample(NodeId node) const;

  /// How long the target of the shared disk was not to be reached while workloads ran.
  Milliseconds disk_away() const { return disk_away_; }

  /// A kernel is lost from now on, as `why` says: no barrier waits for it any more.
  void doom(const std::string& why);

 private:
  Lab& lab() { return at_.lab.lab(); }
  StallWatch& stalls() { return at_.investigation.stalls(); }
  const StallWatch& stalls() const { return at_.investigation.stalls(); }
  Milliseconds since(SteadyTime begin) const;

  void note_work(WorkloadRecord& entry, const WorkloadSpec& workload);
  Waited wait(Milliseconds limit);
  Milliseconds with_delay(Milliseconds limit, SteadyTime begin);
  void serve_desk();
  void checkpoint();
  bool bear_with_disk();
  bool is_struck() const;
  void strike();
  void require_faults() const;
  bool is_asked() const;
  bool is_broken() const;
  bool settled() const;
  void sample(NodeId node, const std::string& worker, const WorkerState& state);
  void report_endless(const std::string& workload, Milliseconds limit);
  void judge(WorkloadRecord& entry);

  Place at_;
  std::stop_token stop_;
  FaultTimeline faults_;
  std::unique_ptr<WorkloadRun> work_;
  std::string name_;                  // of the workload
  Milliseconds disk_away_{0};
  std::optional<SteadyTime> disk_back_;  // when it was there again
  std::optional<SteadyTime> doomed_;  // since when the lab is known to be lost
};

}  // namespace gridlock
