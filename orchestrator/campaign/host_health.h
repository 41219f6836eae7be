// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "host/host_reading.h"
#include "plan/plan.h"
#include "record/run_record.h"

namespace gridlock {

/// How the host was from `before` a trial to `after` it, and what of that keeps the trial from
/// being compared: time stolen by the hypervisor above, other machines, a clock that was set,
/// memory that ran short, or processors that others had kept busy.
HealthRecord host_health(const HostReading& before, const HostReading& after, const Plan& plan,
                         int cpus);

}  // namespace gridlock
