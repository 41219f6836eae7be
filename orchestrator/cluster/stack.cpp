// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/stack.h"

#include "cluster/corosync_stack.h"
#include "cluster/o2cb_stack.h"

namespace gridlock {
namespace {

/// One node that mounts locally: there is nothing to join.
class NoStack final : public Stack {
 public:
  explicit NoStack(std::size_t nodes) : nodes_(nodes) {}

  void begin() override {}
  void form(Milliseconds, std::stop_token) override {}
  void leave(const std::set<NodeId>&, Milliseconds, std::stop_token) override {}
  std::vector<DaemonJobs> daemons() const override { return std::vector<DaemonJobs>(nodes_); }
  void adopt(const std::vector<DaemonJobs>& daemons) override {
    GRIDLOCK_CHECK(daemons.size() == nodes_, "daemons for every node");
  }
  std::vector<const Daemon*> daemons_of(std::size_t) const override { return {}; }
  std::string diagnosis_script() const override { return "true"; }

 private:
  std::size_t nodes_;
};

}  // namespace

std::unique_ptr<Stack> make_stack(const Plan& plan, const Crew& crew, DaemonSink sink) {
  switch (plan.cluster.stack) {
    case ClusterStack::corosync:
      return std::make_unique<CorosyncStack>(plan, crew, std::move(sink));
    case ClusterStack::o2cb:
      return std::make_unique<O2cbStack>(plan, crew, std::move(sink));
    case ClusterStack::none:
      break;
  }
  return std::make_unique<NoStack>(crew.members().size());
}

}  // namespace gridlock
