// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "guest/crew.h"

namespace gridlock {

// What the steps of a cluster are made of.

/// What is left of a limit that several waits share.
class TimeLeft {
 public:
  TimeLeft(EventLoop& loop, Milliseconds limit) : loop_(loop), end_(loop.now() + limit) {}
  /// Below nothing when it is over.
  Milliseconds operator()() const {
    return std::chrono::duration_cast<Milliseconds>(end_ - loop_.now());
  }

 private:
  EventLoop& loop_;
  SteadyTime end_;
};

/// A program with the search path of the node's system.
Job program(std::vector<std::string> argv);
/// A script of the node's shell.
Job shell(const std::string& script);

/// The names of the members for whose index `there` does not hold: "node1, node3".
std::string missing(const Crew& crew, const std::function<bool(std::size_t)>& there);

/// Waits until `there` holds for every member's index. Ends early when `broken` says why it never
/// will. Throws BarrierFailed "<what> on <nodes> not within <limit>".
void wait_for_all(const Crew& crew, const std::string& what,
                  const std::function<bool(std::size_t)>& there,
                  const std::function<std::string()>& broken, Milliseconds limit,
                  std::stop_token stop);

/// Runs a script on every node side by side. Throws BarrierFailed with what the first that failed
/// said, naming `what` it was.
void run_everywhere(const Crew& crew, const std::string& what, const std::string& script,
                    Milliseconds limit, std::stop_token stop);

/// "corosync on node2: exit status 1: <its last lines>", of a job that has ended.
std::string describe_end(const Crew::Member& member, const std::string& name, const JobEnd& end,
                         const std::string& said);

}  // namespace gridlock
