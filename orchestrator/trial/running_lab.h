// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "cluster/cluster.h"
#include "cluster/node_disk.h"
#include "trial/lab.h"
#include "trial/lab_oracles.h"

namespace gridlock {

/// A lab and its cluster from their first step to their end: of one trial, or of several that go on
/// in it one after another. The destructor ends every machine by force.
class RunningLab {
 public:
  /// `trial` is the number of the one that begins it; `console_logs` has one path per node. Setting
  /// and source must outlive it.
  RunningLab(const LabSetting& setting, const NodeSource& source, int trial,
             const std::vector<std::filesystem::path>& console_logs);

  /// The nodes come up and are told who they are; the cluster's first programs start.
  void start(Milliseconds limit, std::stop_token stop);
  /// In place of all steps to the mounted file system: the lab goes on where it was saved.
  void restore(Milliseconds limit, std::stop_token stop);

  Lab& lab() { return lab_; }
  /// Null until every agent has said hello, and after end().
  Cluster* cluster() { return cluster_.get(); }
  LabOracles& oracles() { return oracles_; }
  int first_trial() const { return first_trial_; }

  /// Hears what the daemons print, until somebody else does.
  void hear(Cluster::Sink listener) { listener_ = std::move(listener); }
  /// The daemons' lines since this was last asked, at most 2 MiB each: by node and daemon.
  std::map<std::pair<std::string, std::string>, std::string> take_daemon_lines();

  /// Has the kernels of `crew` print `line` and waits until their consoles show it, so that all
  /// that was said before it has been read; then closes the reports that are still open. Returns
  /// the nodes whose console does not show it, and why. `limit` holds for the printing and for the
  /// waiting, each.
  std::map<NodeId, std::string> mark_consoles(const Crew& crew, const std::string& line,
                                              Milliseconds limit, std::stop_token stop);

  /// What the cluster looks like from every node, and the last their consoles show.
  std::string diagnose(std::stop_token stop);

  /// The nodes leave the cluster in order. Returns what went wrong, or nothing.
  std::string leave(Milliseconds limit, std::stop_token stop);
  /// Ends every machine and reads the consoles to their end. Returns what went wrong, or nothing.
  std::string end(Milliseconds limit);

 private:
  void meet_nodes();

  const NodeSource& source_;
  const Plan& plan_;
  EventLoop& loop_;
  int first_trial_;
  Lab lab_;
  LabOracles oracles_;
  Cluster::Sink listener_;
  std::map<std::pair<std::string, std::string>, std::string> daemon_lines_;
  std::unique_ptr<NodeDisk> disk_;  // null: nodes know it from their start
  std::unique_ptr<Cluster> cluster_;
};

}  // namespace gridlock
