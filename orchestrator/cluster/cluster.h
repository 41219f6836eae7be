// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/stack.h"

namespace gridlock {

/// The stack that joins the nodes of one lab, and the shared file system on them. Each step is a
/// barrier: it returns when every node is there, or throws BarrierFailed (not in time, or a program
/// failed) whose message names the nodes and whose hint holds what the daemons said last.
class Cluster {
 public:
  using Sink = DaemonSink;

  Cluster(const Plan& plan, const Crew& crew, Sink sink);

  /// Starts what the later steps wait for: the stack everywhere and mkfs on the first node, which
  /// needs no cluster.
  void begin(std::stop_token stop);

  /// Every node reaches every other node over the fabric.
  void connect(Milliseconds limit, std::stop_token stop);
  /// The stack has formed, as far as it does before nodes mount.
  void form(Milliseconds limit, std::stop_token stop);
  /// The file system is made.
  void format(Milliseconds limit, std::stop_token stop);
  /// It is mounted on every node.
  void mount(Milliseconds limit, std::stop_token stop);

  /// Everything that was written is on the disk.
  void settle(Milliseconds limit, std::stop_token stop);

  /// What runs on the nodes, in their order. A cluster that was saved and goes on adopts it.
  std::vector<DaemonJobs> daemons() const { return stack_->daemons(); }
  void adopt(const std::vector<DaemonJobs>& daemons) { stack_->adopt(daemons); }

  /// Unmounts everywhere and lets the nodes leave one after another, last node first, so that what
  /// a kernel says when a peer leaves is heard. Those that are `gone` are left out.
  void leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop);

  /// What the cluster looks like from every node, for a barrier that failed. Never throws for what
  /// a node does; each node has a few seconds.
  std::string diagnose(std::stop_token stop) const;

 private:
  const Plan& plan_;
  const Crew& crew_;
  Sink sink_;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Daemon> mkfs_;
};

}  // namespace gridlock
