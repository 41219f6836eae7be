// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "guest/crew.h"
#include "workload/barriers.h"
#include "workload/output_log.h"
#include "workload/programs.h"

namespace gridlock {

/// One workload running on all nodes of a lab.
class WorkloadRun {
 public:
  /// How one node's program is getting on.
  struct NodeState {
    NodeId node;
    std::string name;  ///< the node's
    const NodeProgram* program = nullptr;
    const SampleReader* reader = nullptr;
    SteadyTime started{};  ///< the common start
    /// When the worker that has stood still the longest last did something; the start until all
    /// have.
    SteadyTime last_progress{};
    std::string stillest;  ///< that worker; empty until one has reported
    bool moved = false;  ///< all of its workers have done something
    std::map<std::string, SteadyMeter, std::less<>> meters;  ///< by worker that does operations
    std::optional<JobEnd> end;
    bool killed = false;  ///< its node was: it did no more than `reader` tells
    std::string errors;  ///< the last of what it printed on standard error
    OutputLog log;       ///< standard error, and of standard output what is no sample
    /// It has ended, with a status that means it went well.
    bool went_well() const;
    /// It does no more.
    bool over() const { return killed || end.has_value(); }
  };
  /// Hears each sample of a worker.
  using OnSample = std::function<void(NodeId, const std::string& worker, const WorkerState& state)>;

  /// `mortal`: nodes that are going to be killed meanwhile. All that is referred to must outlive
  /// it.
  WorkloadRun(const Plan& plan, const WorkloadSpec& workload, std::uint64_t seed, const Crew& crew,
              const std::set<NodeId>& mortal, OnSample on_sample);
  ~WorkloadRun();
  WorkloadRun(const WorkloadRun&) = delete;
  WorkloadRun& operator=(const WorkloadRun&) = delete;

  /// Puts and makes the files on every node. Throws BarrierFailed naming node and program.
  void prepare(Milliseconds limit, std::stop_token stop);

  /// Starts the program on every node at one instant: the nodes' clocks are measured first. Returns
  /// how far apart the starts may be.
  Milliseconds start(Milliseconds limit, std::stop_token stop);

  /// The time until the common instant, from now; 0 if it has passed.
  Milliseconds until_start() const;
  bool ended() const;
  const std::vector<NodeState>& nodes() const { return states_; }
  const NodeState& node(NodeId id) const;
  /// The programs that have been started, by node.
  std::map<NodeId, Agent::JobId> jobs() const;
  /// What its figures are taken from; absent if nobody knows beforehand how long it takes.
  const std::optional<SteadyWindow>& window() const { return window_; }

  /// The nodes were paused for so long: that they did not move then is no stall.
  void forgive(Milliseconds pause);

  /// A node's clock stood still, and is measured again when it is needed.
  void forget_clocks() { barriers_.forget_clocks(); }

  /// A node was killed: what ran there has ended with it, and nobody waits for it.
  void lose(NodeId node);

  /// Kills what still runs and stops listening to it. What hangs in the kernel stays there.
  void give_up();

  /// Each node that is left checks the data of the next one that is, and so its own if it is the
  /// last. Results in the order of nodes(); empty if the program has nothing to verify.
  std::vector<JobResult> verify(Milliseconds limit, std::stop_token stop);

 private:
  void run_first(const std::optional<Job> NodeProgram::*job, Milliseconds limit,
                 std::stop_token stop);

  /// When a worker's counters last moved.
  struct Progress {
    std::uint64_t mark = 0;
    SteadyTime at{};
  };
  void sampled(std::size_t index, const std::string& name, const WorkerState& worker);

  const Plan& plan_;
  const WorkloadSpec& workload_;
  std::uint64_t seed_;
  std::optional<SteadyWindow> window_;
  std::vector<std::map<std::string, Progress, std::less<>>> progress_;  // by node, by worker
  const Crew& crew_;
  Barriers barriers_;
  OnSample on_sample_;
  std::vector<NodeProgram> programs_;
  std::vector<NodeState> states_;
  std::vector<Agent::JobId> jobs_;
};

}  // namespace gridlock
