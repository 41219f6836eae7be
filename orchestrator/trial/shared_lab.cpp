// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/shared_lab.h"

namespace gridlock {

bool may_share(const PlannedTrial& trial, const PlannedTrial& next) {
  return trial.lab == LabUse::shared && next.lab == LabUse::shared && trial.kernel == next.kernel &&
         trial.start == next.start;
}

}  // namespace gridlock
