// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/deadlock_finding.h"

#include <algorithm>

namespace gridlock {

FindingRecord finding_of(const diagnosis::Diagnosis& cycle) {
  FindingRecord finding;
  finding.kind = "deadlock";
  finding.title = cycle.title;
  finding.identity = cycle.identity;
  finding.excerpt = cycle.sentence;
  return finding;
}

std::vector<NodeId> nodes_of(const diagnosis::Diagnosis& diagnosis, const Crew& crew) {
  std::vector<NodeId> nodes;
  for (const Crew::Member& member : crew.members())
    if (std::find(diagnosis.nodes.begin(), diagnosis.nodes.end(), member.name) !=
        diagnosis.nodes.end())
      nodes.push_back(member.id);
  return nodes;
}

}  // namespace gridlock
