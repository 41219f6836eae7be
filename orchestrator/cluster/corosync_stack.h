// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/stack.h"

namespace gridlock {

/// corosync and dlm_controld, for the kernel's DLM.
class CorosyncStack final : public Stack {
 public:
  CorosyncStack(const Plan& plan, const Crew& crew, DaemonSink sink);

  void begin() override;
  /// corosync is quorate with all nodes, dlm_controld has them as peers.
  void form(Milliseconds limit, std::stop_token stop) override;
  void leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) override;
  std::vector<DaemonJobs> daemons() const override;
  void adopt(const std::vector<DaemonJobs>& daemons) override;
  std::vector<const Daemon*> daemons_of(std::size_t node) const override;
  std::string diagnosis_script() const override;

 private:
  struct NodeDaemons {
    std::unique_ptr<Daemon> corosync;
    std::unique_ptr<Daemon> dlm_controld;
  };
  Daemon::LineSink line_sink(NodeId node, const std::string& daemon);
  /// Asks a daemon to end until it has.
  void end(Daemon& daemon, const std::string& node, Milliseconds limit, std::stop_token stop) const;
  /// A daemon that ended, or a file that could not be written; empty: all is well.
  std::string broken() const;
  void wait(const std::string& what, const std::function<bool(std::size_t)>& there,
            Milliseconds limit, std::stop_token stop) const;

  const Plan& plan_;
  const Crew& crew_;
  DaemonSink sink_;
  std::vector<NodeDaemons> nodes_;  // in the order of crew_.members()
  std::string put_failure_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers hold it weakly
};

}  // namespace gridlock
