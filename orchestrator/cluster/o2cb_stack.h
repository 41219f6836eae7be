// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "cluster/stack.h"

namespace gridlock {

/// OCFS2's own stack: membership by a heartbeat on the disk, messages and locks in the kernel. No
/// daemon; the heartbeat begins when a node mounts and ends when it unmounts.
class O2cbStack final : public Stack {
 public:
  O2cbStack(const Plan& plan, const Crew& crew, DaemonSink sink);

  void begin() override;
  /// Every kernel knows all nodes; who lives is known only from the heartbeats of those that mount.
  void form(Milliseconds limit, std::stop_token stop) override;
  void leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) override;
  std::vector<DaemonJobs> daemons() const override;
  void adopt(const std::vector<DaemonJobs>& daemons) override;
  std::vector<const Daemon*> daemons_of(std::size_t node) const override;
  std::string diagnosis_script() const override;

 private:
  std::string broken() const;

  const Plan& plan_;
  const Crew& crew_;
  DaemonSink sink_;
  std::vector<std::unique_ptr<Daemon>> registrations_;  // of each node; none of a lab that goes on
  std::string put_failure_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers hold it weakly
};

}  // namespace gridlock
