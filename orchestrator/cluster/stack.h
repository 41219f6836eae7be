// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/daemon.h"
#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// The agent's job numbers of one node's daemons, by name.
using DaemonJobs = std::map<std::string, Agent::JobId>;

/// Hears the daemons' lines: node, daemon, line.
using DaemonSink = std::function<void(NodeId, const std::string& daemon, const std::string& line)>;

/// What joins the nodes of one lab. Each step is a barrier: it returns when every node is there, or
/// throws BarrierFailed whose message names the nodes.
class Stack {
 public:
  virtual ~Stack() = default;

  /// Starts on every node what the other steps wait for; waits for nothing.
  virtual void begin() = 0;
  /// Every node knows every other as a member, as far as that is known before they mount.
  virtual void form(Milliseconds limit, std::stop_token stop) = 0;
  /// The nodes leave one after another, last node first, but for those that are gone. None has the
  /// file system mounted.
  virtual void leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) = 0;

  /// What runs on the nodes, in their order. A stack that was saved and goes on adopts it.
  virtual std::vector<DaemonJobs> daemons() const = 0;
  virtual void adopt(const std::vector<DaemonJobs>& daemons) = 0;
  /// A node's daemons that were started, for what they said last.
  virtual std::vector<const Daemon*> daemons_of(std::size_t node) const = 0;
  /// For the node's shell: prints what the stack knows of the cluster.
  virtual std::string diagnosis_script() const = 0;
};

/// The stack the plan asks for. Plan and crew must outlive it.
std::unique_ptr<Stack> make_stack(const Plan& plan, const Crew& crew, DaemonSink sink);

}  // namespace gridlock
