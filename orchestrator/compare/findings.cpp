// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/findings.h"

#include <utility>

namespace gridlock {
namespace {

struct Side {
  std::map<std::string, int> trials;  ///< by identity
  std::set<std::string> in_pieces;    ///< identities of reports that were not whole
  int incomplete = 0;
};

/// Counts in how many trials an identity was seen; the first title of each goes to `titles`.
Side count(const std::vector<std::vector<SeenFinding>>& trials,
           std::map<std::string, std::string>& titles) {
  Side side;
  for (const auto& findings : trials) {
    std::set<std::string> seen;
    for (const SeenFinding& finding : findings) {
      if (finding.secondary) continue;
      if (!finding.complete) {
        ++side.incomplete;
        side.in_pieces.insert(finding.identity);
        continue;
      }
      titles.emplace(finding.identity, finding.title);
      if (seen.insert(finding.identity).second) ++side.trials[finding.identity];
    }
  }
  return side;
}

int trials_of(const Side& side, const std::string& identity) {
  const auto it = side.trials.find(identity);
  return it == side.trials.end() ? 0 : it->second;
}

}  // namespace

FindingComparison compare_findings(const std::vector<std::vector<SeenFinding>>& base,
                                   const std::vector<std::vector<SeenFinding>>& head) {
  std::map<std::string, std::string> titles;
  const Side on_base = count(base, titles);
  const Side on_head = count(head, titles);
  FindingComparison comparison;
  comparison.incomplete = on_base.incomplete + on_head.incomplete;
  for (auto& [identity, title] : titles) {
    ComparedFinding finding{identity, std::move(title), trials_of(on_base, identity),
                            trials_of(on_head, identity)};
    const bool maybe_on_base = finding.base_trials > 0 || on_base.in_pieces.contains(identity);
    const bool maybe_on_head = finding.head_trials > 0 || on_head.in_pieces.contains(identity);
    auto& list = !maybe_on_head   ? comparison.fixed
                 : !maybe_on_base ? comparison.added
                                  : comparison.in_both;
    list.push_back(std::move(finding));
  }
  return comparison;
}

}  // namespace gridlock
