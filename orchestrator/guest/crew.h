// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/event_loop.h"
#include "guest/agent.h"

namespace gridlock {

/// How one program ended on one node, and what it said.
struct JobResult {
  NodeId node;
  std::string node_name;
  bool finished = false;  ///< false: still running when the wait was given up
  JobEnd end;
  std::string output;     ///< at most 256 KiB, the last part
  std::string errors;     ///< likewise
  bool ok() const { return finished && end.ok(); }
  /// One line: "mkfs.gfs2 on node1: exit status 1: <last line it printed>".
  std::string describe(const std::string& program) const;
};

/// Something the whole crew was waited for did not come about in time.
class BarrierFailed : public Error {
  using Error::Error;
};

/// Waiting is pointless: a node is gone. What happened is in the message; whose fault it is, the
/// trial decides.
class NodeLost : public Error {
  using Error::Error;
};

/// The nodes of a lab as seen by those who run programs on them. Every wait has a limit, can be
/// stopped, and ends early with NodeLost when `trouble` reports something.
class Crew {
 public:
  struct Member {
    NodeId id;
    std::string name;
    Agent* agent = nullptr;
  };
  /// Says why waiting is pointless, or nothing.
  using Trouble = std::function<std::string()>;

  Crew(EventLoop& loop, std::vector<Member> members, Trouble trouble);

  EventLoop& loop() const { return loop_; }
  const std::vector<Member>& members() const { return members_; }
  const Member& member(NodeId id) const;
  /// The same crew without some of its members.
  Crew without(const std::set<NodeId>& nodes) const;

  /// Waits until `condition` holds; otherwise throws BarrierFailed "<what> not within <limit>".
  void wait(const std::string& what, const std::function<bool()>& condition, Milliseconds limit,
            std::stop_token stop) const;

  /// Runs a program on one node and waits for its end. One that is still running at the limit is
  /// killed; its result is not `finished`.
  JobResult run(NodeId node, const Job& job, Milliseconds limit, std::stop_token stop) const;

  /// Runs a program on every node side by side. Results in the members' order.
  std::vector<JobResult> run_all(const std::function<Job(const Member&)>& job, Milliseconds limit,
                                 std::stop_token stop) const;

  /// Reads a file from every node side by side; a failure is the reply's error.
  std::vector<Reply> get_all(const std::string& path, std::size_t size, Milliseconds limit,
                             std::stop_token stop) const;
  /// The same of several files at once: for every path the nodes' replies.
  std::vector<std::vector<Reply>> get_each(const std::vector<std::string>& paths, std::size_t size,
                                           Milliseconds limit, std::stop_token stop) const;

 private:
  std::vector<JobResult> run_on(const std::vector<const Member*>& members,
                                const std::function<Job(const Member&)>& job, Milliseconds limit,
                                std::stop_token stop) const;

  EventLoop& loop_;
  std::vector<Member> members_;
  Trouble trouble_;
};

}  // namespace gridlock
