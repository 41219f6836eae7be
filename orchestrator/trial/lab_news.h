// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "record/run_record.h"
#include "trial/lab.h"
#include "watch/self_check.h"

namespace gridlock {

/// What has come from one node since it was last looked at.
struct NodeNews {
  NodeId node;
  std::string line;          ///< the last its console shows; empty: nothing new
  std::optional<Loss> loss;  ///< it was lost since then
  std::vector<FindingRecord> findings;
};

/// Looks at the nodes of a lab for one trial: consoles and losses become findings.
class LabNews {
 public:
  /// `folder` is the trial's: findings refer to consoles relative to it.
  LabNews(std::filesystem::path folder, const EventLoop& loop)
      : folder_(std::move(folder)), loop_(loop) {}

  /// Everything that has happened since the last time.
  std::vector<NodeNews> look(Lab& lab);
  /// What the reader has found on a node's console so far.
  const ConsoleTally& found_on(NodeId node) { return tallies_[node]; }

 private:
  static std::optional<FindingRecord> finding_of(const Loss& loss);
  /// What a lost node did last.
  std::string last_move(const Lab::Node& node) const;

  std::filesystem::path folder_;
  const EventLoop& loop_;
  std::set<NodeId> told_loss_;
  std::map<NodeId, ConsoleTally> tallies_;
};

}  // namespace gridlock
