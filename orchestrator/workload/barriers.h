// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guest/crew.h"

namespace gridlock {

/// Where programs on all nodes wait for each other (`gridlock-barrier NAME`) while a workload runs.
/// As soon as a program on each node waits for a name, all who wait for it go on at one instant, by
/// the nodes' measured clocks; then the name can be used again. Of several programs on one node the
/// first counts, and all are released. What can never come about is told to those who wait for it.
class Barriers {
 public:
  /// Hears the crew, which must outlive it. Until `open`, whoever comes is refused.
  explicit Barriers(const Crew& crew);
  ~Barriers();
  Barriers(const Barriers&) = delete;
  Barriers& operator=(const Barriers&) = delete;

  /// The workload's programs start: each node's clock (guest CLOCK_MONOTONIC − host steady clock)
  /// was just measured, in the members' order.
  void open(std::vector<std::chrono::nanoseconds> offsets);
  /// They run already: the clocks are measured as soon as somebody is to go on.
  void open_running();
  /// The node's program has ended: it comes to no barrier any more.
  void program_ended(NodeId node);
  /// The node was killed: nobody waits for it any more.
  void node_gone(NodeId node);
  /// The nodes stood still: what was measured of their clocks holds no longer.
  void forget_clocks();
  /// The programs have ended; whoever waits or comes is refused.
  void close();

 private:
  using Waiting = std::vector<std::set<std::uint64_t>>;  // by member: the node's waiters

  void heard(std::size_t member, const BarrierEvent& event);
  /// Releases or refuses those who wait for `name`, if it is time to.
  void decide(const std::string& name);
  void decide_all();
  void release(const std::string& name);
  void refuse(const std::string& name, const std::string& why);
  void measure();
  std::size_t waiting_on(std::size_t member) const;

  const Crew& crew_;
  bool open_ = false;
  std::vector<std::chrono::nanoseconds> offsets_;
  std::optional<SteadyTime> measured_;  // when the offsets were, if they still hold
  std::set<std::size_t> ended_;
  std::set<std::size_t> gone_;
  std::map<std::string, Waiting> waiting_;
  std::shared_ptr<int> measuring_;  // held while the clocks are asked for
};

}  // namespace gridlock
