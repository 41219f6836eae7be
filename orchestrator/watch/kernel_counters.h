// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "fabric/fabric.h"
#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// What a node's GFS2 has asked of its glocks since the mount, all types and processors together.
struct GlockCounts {
  std::uint64_t dlm_requests = 0;    ///< requests made to the DLM
  std::uint64_t holders_queued = 0;  ///< holders put into a glock's queue
};

/// Reads a debugfs `gfs2/<lock table>/sbstats` file; absent: it is none. A sum that does not fit
/// stays at the largest number. Source: gfs2_sbstats_seq_show() in fs/gfs2/glock.c.
std::optional<GlockCounts> parse_sbstats(std::string_view text);

/// One of the kernel's lock classes since boot, readers and writers together.
struct LockClass {
  std::uint64_t contentions = 0;
  std::uint64_t acquisitions = 0;
  double wait_us = 0;
};

struct LockStat {
  std::map<std::string, LockClass> classes;  ///< by name, printable
  bool cut = false;  ///< the text ends in the middle: the classes of fewest contentions are missing
};

/// Reads a /proc/lock_stat; absent: it is none, or lockdep is off and counts no more. An unfinished
/// last line is left out. At most 4096 classes are kept. Source: seq_stats() in
/// kernel/locking/lockdep_proc.c, which prints the classes by falling contentions and times in
/// microseconds.
std::optional<LockStat> parse_lock_stat(std::string_view text);

/// Counters of all nodes at one moment. What a node does not have, or did not tell, is absent.
struct KernelCounters {
  struct Node {
    std::optional<GlockCounts> glocks;
    std::optional<LockStat> locks;
  };
  std::map<NodeId, Node> nodes;
  std::optional<Traffic> dlm;  ///< absent: no fabric
};

/// Asks every node of `crew`, side by side, at most `limit` and 128 KiB a file. `fabric` may be
/// null. Throws Cancelled only.
KernelCounters read_kernel_counters(const Plan& plan, const Crew& crew, const Fabric* fabric,
                                    Milliseconds limit, std::stop_token stop);

/// How long all nodes together waited for a lock class.
struct LockWait {
  std::string lock_class;
  double contentions = 0;
  double wait_us = 0;
};

/// What happened between two moments, summed over the nodes.
struct KernelChange {
  /// How many classes `waits` has at most.
  static constexpr std::size_t kWaits = 5;

  /// "dlm_requests", "holders_queued", "lock_contentions", "lock_acquisitions", "lock_wait_us",
  /// "dlm_frames", "dlm_bytes", and "lock_stat_cut" if a list of locks was. One that a node did not
  /// tell both times, or that went backwards, is absent.
  std::map<std::string, double> counts;
  std::vector<LockWait> waits;  ///< waited for longest first
};

/// A class that a cut list lacks had no contentions if the list's last class had none; otherwise it
/// is left out.
KernelChange difference(const KernelCounters& before, const KernelCounters& after);

}  // namespace gridlock
