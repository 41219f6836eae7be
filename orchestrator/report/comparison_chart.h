// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "report/comparison.h"

namespace gridlock {

/// The pairs of a workload for page.js: `base`, `head` (names of kernels), `unit` and `pairs`
/// (`place` from 1 in the order they ran, `number`, `order`, `base`, `head`: rates).
Json pairs_chart(const Comparison& comparison, const ThroughputComparison& workload);

/// Curves of the time to the first failure: `base_name`, `head_name`, `end` (s), `base` and `head`
/// (lists of `seconds`, `share`, `at_risk`). Each begins with all well and ends with the last trial
/// watched.
Json survival_chart(const Comparison& comparison, const TrialComparison& trial);

}  // namespace gridlock
