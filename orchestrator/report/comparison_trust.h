// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/effect.h"
#include "record/run_record.h"

namespace gridlock {

/// Base against itself: what a comparison on this host calls different where nothing is.
struct SameResult {
  struct Workload {
    std::string trial;
    std::string workload;
    Effect effect;
    EffectVerdict verdict = EffectVerdict::inconclusive;
  };
  int pairs = 0;  ///< that count, of all trials
  std::vector<Workload> workloads;
  bool host_sick = false;  ///< one would have been called different: no verdict of this run holds
};

/// How the host was while the trials ran: the worst of all. What it did not tell is absent.
struct HostSummary {
  int trials = 0;  ///< that have it recorded; 0: nothing is known
  double load = 0;
  std::optional<double> steal;  ///< shares, 0 to 1
  std::optional<double> iowait;
  std::uint64_t memory_available_bytes = 0;
  int other_machines = 0;
  double clock_jump_seconds = 0;      ///< the largest, either way
  std::vector<std::string> problems;  ///< with the trials they were seen in, each a line
};

/// What a reader needs to know to believe a comparison.
struct ComparisonTrust {
  SameResult same;
  HostSummary host;
  std::vector<PairRecord> spoilt;   ///< pairs that do not count, of base against itself, too
  int trials = 0;                   ///< of both kernels
  int lockdep_alive = 0;            ///< trials in which lockdep watched on every node to the end
  int lockdep_off = 0;              ///< trials in which it went off on a node
  std::uint64_t dropped_lines = 0;  ///< by consoles: reports may be missing
  int consoles = 0;                 ///< that were compared with what their kernel counted
  int consoles_agree = 0;
  std::uint64_t seed = 0;
  std::uint64_t order_seed = 0;
  std::string accel;  ///< "kvm", "tcg", …
  std::string accel_reason;
  std::string host_text;     ///< "2 cpus, 23.5 GiB, QEMU 7.2.22"
  std::string version;       ///< Gridlock's; of two runs both, if they differ
  std::string base_release;  ///< what `uname -r` says
  std::string head_release;
  std::vector<std::string> differences;  ///< between two runs: "nodes: 2 and 3"
};

}  // namespace gridlock
