// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "record/run_record.h"
#include "record/run_writer.h"
#include "trial/lab.h"
#include "trial/trial_observer.h"
#include "workload/workload_run.h"

namespace gridlock {

/// Does to the nodes of a lab, each in its time, what the topology asks for while a trial works.
/// What begins is begun by who watches the work, so that nothing happens behind his back; what
/// lasts ends by itself.
class FaultTimeline {
 public:
  struct Place {
    EventLoop& loop;
    Lab& lab;
    const Plan& plan;
    const PlannedTrial& trial;
    TrialWriter& writer;
    TrialObserver& observer;
    TrialRecord& record;          ///< gets a FaultRecord for each
    std::function<double()> now;  ///< seconds since the trial's start
  };
  explicit FaultTimeline(Place place);
  /// What lasts still is over at once, as far as that can be ordered without waiting.
  ~FaultTimeline();
  FaultTimeline(const FaultTimeline&) = delete;
  FaultTimeline& operator=(const FaultTimeline&) = delete;

  /// The nodes that are going to be killed while `workload` runs.
  std::set<NodeId> mortal(const std::string& workload) const;
  /// How much longer than its duration its programs may take for what is done to them.
  Milliseconds delay(const std::string& workload) const;

  /// A workload's programs start at `instant`.
  void begin(const std::string& workload, SteadyTime instant);
  /// Whether something is to be done now.
  bool due() const;
  /// What was done to a node, and until when the others may stand still for it.
  struct Struck {
    NodeId node;
    FaultKind kind;
    SteadyTime excused;
  };
  /// Does what is due.
  std::vector<Struck> strike();
  /// Whether a node is paused or cut off just now.
  bool lasts() const { return lasting_ > 0; }
  /// A worker of a node may have moved.
  void heard(const WorkloadRun::NodeState& state);
  /// The workload's programs have ended. Waits until what lasts is over, or its deadline.
  void end(std::stop_token stop);

  /// What could not be done, as what went wrong; empty: nothing.
  const std::string& problem() const { return problem_; }
  /// What of the workload that has ended was never done: "kill of node2"; empty: nothing.
  std::string missed() const;

 private:
  FaultRecord& record(std::size_t fault) { return at_.record.faults[fault]; }
  const PlannedFault& planned(std::size_t fault) const { return at_.trial.faults[fault]; }
  std::string name_of(std::size_t fault) const;
  void strike(std::size_t fault);
  void lift(std::size_t fault);
  void over(std::size_t fault);
  void tell(std::size_t fault, const std::string& what);
  void failed(std::size_t fault, const std::string& doing, const std::exception_ptr& error);
  /// Hears that an order was carried out, or failed; says so when nothing comes in time.
  Hypervisor::Done answer(std::size_t fault, const std::string& doing, std::function<void()> then);

  Place at_;
  std::string workload_;
  std::optional<SteadyTime> instant_;   ///< while a workload runs
  std::map<NodeId, SteadyTime> moved_;  ///< when its stillest worker was seen to move last
  int lasting_ = 0;
  std::string problem_;
  std::shared_ptr<FaultTimeline*> alive_ = std::make_shared<FaultTimeline*>(this);
};

}  // namespace gridlock
