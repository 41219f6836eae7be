// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/trial_row.h"

#include "base/error.h"

namespace gridlock {

void run_row(const std::vector<PlannedTrial>& trials, const RunTrial& run, std::stop_token stop) {
  SharedLab shared;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (stop.stop_requested()) throw Cancelled("running the trials");
    shared.next = i + 1 < trials.size() ? &trials[i + 1] : nullptr;
    if (run(trials[i], shared).outcome == Outcome::interrupted) return;
  }
}

}  // namespace gridlock
