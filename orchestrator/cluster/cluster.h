// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/daemon.h"
#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// The agent's job numbers of one node's daemons.
struct DaemonJobs {
  Agent::JobId corosync = 0;
  Agent::JobId dlm_controld = 0;
};

/// corosync, dlm_controld and the shared file system on the nodes of one lab. Each step is a
/// barrier: it returns when every node is there, or throws BarrierFailed (not in time, or a program
/// failed) whose message names the nodes and whose hint holds what the daemons said last.
class Cluster {
 public:
  /// Hears the daemons' lines: node, daemon, line.
  using Sink = std::function<void(NodeId, const std::string& daemon, const std::string& line)>;

  Cluster(const Plan& plan, const Crew& crew, Sink sink);

  /// Starts what the later steps wait for: corosync and dlm_controld everywhere and mkfs on the
  /// first node, which needs no cluster.
  void begin(std::stop_token stop);

  /// Every node reaches every other node over the fabric.
  void connect(Milliseconds limit, std::stop_token stop);
  /// corosync is quorate with all nodes, dlm_controld has them as peers.
  void form(Milliseconds limit, std::stop_token stop);
  /// The file system is made.
  void format(Milliseconds limit, std::stop_token stop);
  /// It is mounted on every node.
  void mount(Milliseconds limit, std::stop_token stop);

  /// Everything that was written is on the disk.
  void settle(Milliseconds limit, std::stop_token stop);

  /// What runs on the nodes, in their order. A cluster that was saved and goes on adopts it.
  std::vector<DaemonJobs> daemons() const;
  void adopt(const std::vector<DaemonJobs>& daemons);

  /// Unmounts everywhere and lets the nodes leave one after another, last node first, so that what
  /// a kernel says when a peer leaves is heard.
  void leave(Milliseconds limit, std::stop_token stop);

  /// What the cluster looks like from every node, for a barrier that failed. Never throws for what
  /// a node does; each node has a few seconds.
  std::string diagnose(std::stop_token stop) const;

 private:
  struct NodeDaemons {
    std::unique_ptr<Daemon> corosync;
    std::unique_ptr<Daemon> dlm_controld;
  };
  Daemon& start(std::unique_ptr<Daemon>& slot, const Crew::Member& member, const std::string& name,
                std::vector<std::string> argv);
  /// Asks a daemon to end until it has.
  void end(Daemon& daemon, const std::string& node, Milliseconds limit, std::stop_token stop) const;
  Daemon::LineSink line_sink(NodeId node, const std::string& daemon);
  /// A daemon that ended, or a file that could not be written; empty: all is well.
  std::string broken() const;
  std::string missing(const std::function<bool(std::size_t)>& there) const;
  void wait(const std::string& what, const std::function<bool(std::size_t)>& there,
            Milliseconds limit, std::stop_token stop) const;

  const Plan& plan_;
  const Crew& crew_;
  Sink sink_;
  std::vector<NodeDaemons> nodes_;  // in the order of crew_.members()
  std::unique_ptr<Daemon> mkfs_;
  std::string put_failure_;
  // Answers that come after this is gone see that it is.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gridlock
