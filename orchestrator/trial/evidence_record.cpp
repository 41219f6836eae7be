// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/evidence_record.h"

namespace gridlock {

FindingRecord finding_of(const Deadlock& deadlock) {
  FindingRecord finding;
  finding.kind = "deadlock";
  finding.title = deadlock.title();
  finding.identity = deadlock.identity;
  finding.excerpt = deadlock.sentence;
  return finding;
}

void keep_evidence(TrialWriter& writer, const std::string& id, const Evidence& evidence,
                   double now) {
  for (const EvidenceFile& file : evidence.files)
    writer.evidence(id, node_name(file.node) + "-" + file.name, file.bytes);
  for (const std::string& skipped : evidence.skipped)
    writer.event(now, "", "evidence_skipped", Json{{"what", skipped}});
}

}  // namespace gridlock
