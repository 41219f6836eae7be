// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "plan/plan.h"
#include "trial/running_lab.h"

namespace gridlock {

/// What goes from one trial of a row to the next.
struct SharedLab {
  /// In: the lab the trial goes on in; null: it begins one of its own. Out: the one it leaves to
  /// `next`.
  std::unique_ptr<RunningLab> lab = nullptr;
  const PlannedTrial* next = nullptr;  ///< comes right after it; null: none does
};

/// Whether the plan lets `next` go on in the lab of `trial`: both share, on one kernel, from one
/// start.
bool may_share(const PlannedTrial& trial, const PlannedTrial& next);

}  // namespace gridlock
