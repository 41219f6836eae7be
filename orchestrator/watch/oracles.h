// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// How full a table of fixed size is.
struct TableUse {
  std::uint64_t used = 0;
  std::uint64_t most = 0;
  bool operator==(const TableUse&) const = default;
};

/// What a kernel says of lockdep.
struct LockdepStats {
  std::optional<bool> alive;  ///< `debug_locks`; absent: the text does not say
  /// Its tables, the first of which to be full ends it: "lock_classes", "direct_dependencies",
  /// "dependency_chains", "chain_hlocks", "stack_trace_entries". One that is not told is missing.
  std::map<std::string, TableUse> tables;
};

/// Reads a /proc/lockdep_stats; an unfinished last line is left out. Source: lockdep_stats_show()
/// in kernel/locking/lockdep_proc.c.
LockdepStats parse_lockdep_stats(std::string_view text);

/// What a node's kernel says of its own detectors and of its cluster, read in the node and not from
/// the console. What the kernel does not have, or the node did not tell, is absent and never 0.
struct Oracles {
  LockdepStats lockdep;
  std::optional<std::uint64_t> taint;  ///< bit mask of /proc/sys/kernel/tainted
  /// Since the kernel's boot, by name: "warnings" and "oopses" (/sys/kernel/warn_count,
  /// oops_count), "hung_tasks" (/proc/sys/kernel/hung_task_detect_count), "soft_lockups",
  /// "hard_lockups" and "rcu_stalls" (/sys/kernel/softlockup_count, hardlockup_count,
  /// rcu_stall_count).
  std::map<std::string, std::uint64_t> counts;
  /// Hung tasks that will still be reported (/proc/sys/kernel/hung_task_warnings); -1: all.
  std::optional<std::int64_t> hung_task_reports_left;
  std::optional<bool> gfs2_withdrawn;    ///< the plan's file system, if it is GFS2
  std::optional<bool> ocfs2_failed;      ///< if it is OCFS2: an error made it read-only
  std::optional<bool> ocfs2_recovering;  ///< likewise: it replays the journal of a node that died
  /// Its locks in the kernel's DLM, or o2cb's: this node's part of a recovery is not done.
  std::optional<bool> dlm_recovering;
  /// Numbers of the nodes that the DLM was told, or o2cb's has found, to share these locks.
  std::optional<std::vector<int>> dlm_members;
  std::string unread;  ///< what the node was not asked or did not tell, and why; empty: nothing
};

/// What a trial gives its nodes to answer, all of them together.
inline constexpr Milliseconds kOracleLimit{12'000};

/// Asks every node of `crew`, side by side, at most `limit` in all. Nodes in `broken`, whose kernel
/// hit a BUG or an oops, are not asked for the state of their locks, which a task may hold that
/// died. Throws Cancelled only.
std::map<NodeId, Oracles> ask_oracles(const Plan& plan, const Crew& crew,
                                      const std::set<NodeId>& broken, Milliseconds limit,
                                      std::stop_token stop);

}  // namespace gridlock
