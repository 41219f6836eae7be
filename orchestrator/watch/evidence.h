// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "diagnosis/look.h"
#include "guest/crew.h"
#include "plan/plan.h"
#include "watch/console_tail.h"
#include "watch/disk_moves.h"
#include "watch/lock_files.h"

namespace gridlock {

/// One thing that was taken from a node.
struct EvidenceFile {
  NodeId node;
  int look = 0;      ///< 1 or 2: in which look; 0: once
  std::string name;  ///< "glocks.txt"
  std::string bytes;
};

/// What was found out about a lab that hangs or broke.
struct Evidence {
  std::vector<EvidenceFile> files;
  std::vector<std::string> skipped;  ///< "glocks on node2: no answer within 6s"
  diagnosis::Look first;             ///< every node that was asked, also those that did not answer
  diagnosis::Look second;            ///< again, at least a second later; empty: not looked again
  std::map<NodeId, std::pair<DiskMoves, DiskMoves>> disks;  ///< at both looks
  std::map<NodeId, std::set<int>>
      workers;              ///< the threads of the workload's programs, as seen last
  std::set<NodeId> silent;  ///< answered nothing
};

/// Takes evidence from all nodes at the same time, rung by rung. Each rung is bounded; what a node
/// does not answer is skipped with its reason and not asked again, and who answers nothing is asked
/// for nothing more, so that one bad node delays the whole ladder by one rung's limit. Of nodes in
/// `broken`, whose kernel hit a BUG or an oops, locks are left alone: a task that died in
/// gfs2_glock_nq holds the glock's spinlock, and reading the dump would spin on it for ever. Throws
/// Cancelled only.
class EvidenceLadder {
 public:
  EvidenceLadder(const Plan& plan, const Crew& crew, std::map<NodeId, ConsoleTail*> consoles,
                 std::set<NodeId> broken, std::stop_token stop);

  /// What every task waits for, locks, and what the disk does; twice, so that a wait is told from a
  /// moment. `jobs` are the workload's programs.
  void look_twice(const std::map<NodeId, Agent::JobId>& jobs);

  /// Adds to both looks what the kernels print of blocked tasks and of mutexes and semaphores: who
  /// holds them is known to the kernel alone. After look_twice().
  void look_at_kernel_locks();

  /// The same once, and for the record only.
  void ask_for_kernel_locks();

  /// What kernels tell besides: running processors, counters, the trace buffer.
  void ask_kernels();

  const Evidence& evidence() const { return evidence_; }
  Evidence take() { return std::move(evidence_); }

 private:
  /// One question to every node and the name of what it answers.
  struct Question {
    std::string name;
    std::function<void(const Crew::Member&, Agent::Answer)> ask;
  };
  /// By node, by question's name: what was answered.
  using Answers = std::map<NodeId, std::map<std::string, std::string>>;

  /// A dump of locks that is looked at twice: its name, where the kernel tells it (empty: it has
  /// none), where it goes.
  struct Dump {
    const char* name;
    const std::string* path;
    std::string diagnosis::NodeLook::*text;
  };
  std::vector<Dump> dumps() const;

  static Question file(const std::string& name, const std::string& path, std::size_t size);
  Answers ask(const Crew& crew, const std::vector<Question>& questions);
  diagnosis::Look look(int which, const std::map<NodeId, Agent::JobId>& jobs);
  void keep(NodeId node, int look, const std::string& name, const std::string& bytes);
  /// What the kernels print when they are asked for `key`, by node; kept as `name`.
  std::map<NodeId, std::string> sysrq(char key, int look, const std::string& name);
  void wait(Milliseconds time);

  const Plan& plan_;
  Crew crew_;
  std::map<NodeId, ConsoleTail*> consoles_;
  Crew sound_;
  std::stop_token stop_;
  LockFiles files_;
  std::set<std::pair<NodeId, std::string>> given_up_;
  std::set<NodeId> deaf_;  // answered nothing of a rung, and are not asked again
  std::map<NodeId, std::array<DiskMoves, 2>> disks_;
  Evidence evidence_;
};

}  // namespace gridlock
