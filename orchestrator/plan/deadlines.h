// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "plan/plan.h"

namespace gridlock {

/// Deadlines that a slow lab keeps: software emulation on a host with two busy processors.
Deadlines plan_deadlines(const Topology& topology);

}  // namespace gridlock
