// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "machine/inspection.h"
#include "watch/console_tail.h"
#include "watch/evidence.h"

namespace gridlock {

/// A machine that is looked at from outside.
struct SeenMachine {
  NodeId node;
  std::string node_name;
  std::string name;     ///< the machine's
  bool silent = false;  ///< its agent says nothing: its kernel may be past answering
  ConsoleTail* console = nullptr;
  std::filesystem::path image;  ///< where its memory is written; empty: it is not
};

/// The rungs for what no kernel has to answer: the machine's state, its processors' registers and
/// kernel stacks, its memory; last, if it is silent, an NMI. All machines side by side, each rung
/// bounded; what cannot be had is in `skipped`. Throws Cancelled only.
Evidence look_at_machines(Inspection& inspection, EventLoop& loop,
                          const std::vector<SeenMachine>& machines, std::stop_token stop);

}  // namespace gridlock
