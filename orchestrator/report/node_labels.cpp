// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/node_labels.h"

#include <vector>

#include "base/text.h"

namespace gridlock {

std::string node_labels(const FindingRecord& finding, const TrialRecord& trial) {
  std::vector<std::string> labels;
  for (const std::string& node : finding.nodes) {
    const auto own = trial.node_kernels.find(node);
    labels.push_back(own == trial.node_kernels.end() ? node : node + " (" + own->second + ")");
  }
  return join(labels, ", ");
}

}  // namespace gridlock
