// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "guest/crew.h"
#include "workload/programs.h"

namespace gridlock {

/// One workload running on all nodes of a lab.
class WorkloadRun {
 public:
  /// How one node's program is getting on.
  struct NodeState {
    NodeId node;
    const SampleReader* reader = nullptr;
    SteadyTime started{};       ///< the common start
    SteadyTime last_progress{}; ///< when its counters last moved; the start until they do
    bool moved = false;         ///< they have moved at all
    std::optional<JobEnd> end;
    std::string errors;         ///< the last of what it printed on standard error
  };
  /// Hears each sample: node, host time, counters.
  using OnSample = std::function<void(NodeId, const Counters&)>;

  WorkloadRun(const Plan& plan, const WorkloadSpec& workload, std::uint64_t seed, const Crew& crew,
              OnSample on_sample);
  ~WorkloadRun();
  WorkloadRun(const WorkloadRun&) = delete;
  WorkloadRun& operator=(const WorkloadRun&) = delete;

  /// Makes the files on every node. Throws BarrierFailed naming node and program.
  void prepare(Milliseconds limit, std::stop_token stop);

  /// Starts the program on every node at one instant: the nodes' clocks are measured first. Returns
  /// how far apart the starts may be.
  Milliseconds start(Milliseconds limit, std::stop_token stop);

  bool ended() const;
  const std::vector<NodeState>& nodes() const { return states_; }

  /// The nodes were paused for so long: that they did not move then is no stall.
  void forgive(Milliseconds pause);

  /// Kills what still runs and stops listening to it. What hangs in the kernel stays there.
  void give_up();

  /// Each node checks another node's data. Results in the order of nodes(); empty if the program
  /// has nothing to verify.
  std::vector<JobResult> verify(Milliseconds limit, std::stop_token stop);

 private:
  const WorkloadSpec& workload_;
  const Crew& crew_;
  OnSample on_sample_;
  std::vector<NodeProgram> programs_;
  std::vector<NodeState> states_;
  std::vector<Agent::JobId> jobs_;
};

}  // namespace gridlock
