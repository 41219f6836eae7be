// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/finding_index.h"

#include <algorithm>

namespace gridlock {

std::vector<IndexedFinding> index_findings(const RunRecord& run) {
  std::vector<IndexedFinding> findings;
  std::map<std::string, std::size_t> place;
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings) {
      const auto [at, is_new] = place.try_emplace(finding.identity, findings.size());
      if (is_new) {
        findings.emplace_back();
        findings.back().first = &finding;
        findings.back().first_trial = &trial;
      }
      IndexedFinding& indexed = findings[at->second];
      IndexedFinding::Seen& seen = indexed.kernels[trial.kernel];
      if (seen.trials.empty() || seen.trials.back() != trial.number)
        seen.trials.push_back(trial.number);
      seen.nodes.insert(finding.nodes.begin(), finding.nodes.end());
      seen.reports += finding.count;
      indexed.known = indexed.known && finding.known;
      indexed.secondary = indexed.secondary && finding.secondary;
    }
  std::stable_partition(findings.begin(), findings.end(), [](const IndexedFinding& finding) {
    return !finding.known && !finding.secondary;
  });
  return findings;
}

}  // namespace gridlock
