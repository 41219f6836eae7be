// SPDX-License-Identifier: GPL-2.0-or-later
// What is done to the nodes of a lab on purpose.
#include <algorithm>

#include "trial/lab.h"

namespace gridlock {

Lab::Node& Lab::node(NodeId id) {
  const auto found = std::ranges::find(nodes_, id, &Node::id);
  GRIDLOCK_CHECK(found != nodes_.end(), "no such node in the lab");
  return *found;
}

void Lab::kill(NodeId id, Hypervisor::Done done) {
  Node& killed = node(id);
  // A kernel that has died already did so by itself.
  if (!killed.loss) killed.loss = Loss{Loss::Kind::killed, killed.name + " was killed on purpose"};
  still_.erase(id);
  crews_.push_back(std::make_unique<Crew>(crew().without({id})));
  setting_.hypervisor.destroy(killed.machine.name, std::move(done));
}

std::set<NodeId> Lab::killed() const {
  std::set<NodeId> all;
  for (const Node& node : nodes_)
    if (node.loss && node.loss->kind == Loss::Kind::killed) all.insert(node.id);
  return all;
}

void Lab::stand_still(NodeId id, Hypervisor::Done done) {
  still_.insert(id);
  setting_.hypervisor.pause(node(id).machine.name, std::move(done));
}

void Lab::go_on_again(NodeId id, Hypervisor::Done done) {
  setting_.hypervisor.resume(
      node(id).machine.name,
      [alive = std::weak_ptr(alive_), id, done = std::move(done)](std::exception_ptr error) {
        if (const auto lab = alive.lock()) {
          (*lab)->still_.erase(id);
          (*lab)->went_on_[id] = (*lab)->setting_.loop.now();
        }
        done(error);
      });
}

void Lab::set_cable(NodeId id, Fabric::Cable cable) {
  if (!setting_.fabric) return;
  setting_.fabric->set_cable(static_cast<int>(&node(id) - nodes_.data()), cable);
}

}  // namespace gridlock
