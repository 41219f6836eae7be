// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "trial/lab_news.h"
#include "trial/running_lab.h"

namespace gridlock {

/// The oracles at the end of a trial, and whether the console reader agrees with them.
struct ConsoleCheck {
  RunningLab& lab;
  LabNews& news;
  /// Looks at the lab: `news` hears what the consoles have shown so far.
  std::function<void()> look;
  int trial = 0;  ///< its number, for what the kernels are asked to print
  /// After run(): why something that a kernel said before it may not have been read; empty: all
  /// was.
  std::string unread{};

  /// Asks every node for its oracles, nodes that were lost excepted, and compares; returns where
  /// console and kernel disagree, as findings against Gridlock itself. What could not be asked or
  /// compared is noted in the lab's oracles with the reason. Never longer than its limits allow,
  /// however the nodes are. `broken` as for ask_oracles(). Throws Cancelled only.
  std::vector<std::pair<NodeId, FindingRecord>> run(const std::set<NodeId>& broken,
                                                    std::stop_token stop);

 private:
  std::vector<std::pair<NodeId, FindingRecord>> compare(const Crew& crew,
                                                        const std::set<NodeId>& broken,
                                                        std::stop_token stop);
};

}  // namespace gridlock
