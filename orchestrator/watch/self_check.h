// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "console/finding.h"
#include "watch/oracles.h"

namespace gridlock {

/// How many reports of each kind the console reader found on a node, repeats and consequences too,
/// as far as a kernel counts such reports itself.
class ConsoleTally {
 public:
  void add(const console::Finding& finding);

  /// Reports that the kernel counts under this name of Oracles::counts.
  std::uint64_t counted(const std::string& name) const;
  /// How many of them it may as well not count: sanitizers', with kasan_multi_shot.
  std::uint64_t perhaps_counted(const std::string& name) const;
  bool has(const std::string& kind) const { return kinds_.contains(kind); }
  /// Lockdep printed a report after which it goes off.
  bool ended_lockdep() const { return ended_lockdep_; }

 private:
  std::map<std::string, std::uint64_t> counted_;
  std::map<std::string, std::uint64_t> perhaps_counted_;
  std::set<std::string> kinds_;
  bool ended_lockdep_ = false;
};

/// What is known of a node between two moments.
struct ConsoleAndKernel {
  ConsoleTally console;
  std::uint64_t dropped = 0;      ///< messages the kernel said it dropped
  std::uint64_t lost = 0;         ///< findings the reader could not keep
  std::optional<Oracles> before;  ///< absent: the kernel booted in between, and counted from 0
  Oracles after;
};

/// Something the console reader and the kernel do not say alike.
struct Disagreement {
  std::string about;  ///< "warnings", "oopses", …, "taint", "lockdep": what makes two the same
  std::string text;   ///< "the console shows 1 warning, the kernel counted 2"
};

struct SelfCheck {
  std::string unproven;  ///< why nothing can be said; empty: it can
  std::vector<Disagreement> disagreements;
};

/// Compares what the console reader found with what the kernel counted. Nothing is claimed of a
/// counter the kernel does not have, nor of a console that lost something.
/// Source of what counts as what, and taints the kernel, in 6.1: check_panic_on_warn() and
/// add_taint() in kernel/panic.c and their callers, make_task_dead() in kernel/exit.c.
SelfCheck check_console(const ConsoleAndKernel& node);

}  // namespace gridlock
