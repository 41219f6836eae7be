// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/take_evidence.h"

#include "watch/evidence.h"

namespace gridlock {

EvidenceTaken take_evidence(const Plan& plan, const Crew& crew, const std::set<NodeId>& broken,
                            const KeepEvidence& keep, std::stop_token stop) {
  const Evidence evidence = collect_evidence(plan, crew, broken, std::move(stop));
  EvidenceTaken taken;
  for (const EvidenceFile& file : evidence.files)
    keep(node_name(file.node) + "-" + file.name, file.bytes);
  taken.files = static_cast<int>(evidence.files.size());
  taken.skipped = evidence.skipped;
  const auto deadlock = find_deadlock(evidence.first, evidence.second);
  taken.diagnosis =
      deadlock ? deadlock->title() + ": " + deadlock->sentence : "no circle of waits is seen";
  return taken;
}

}  // namespace gridlock
