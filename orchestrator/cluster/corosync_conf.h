// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "plan/plan.h"

namespace gridlock {

/// corosync.conf for the plan's nodes: udpu on the fabric, votequorum, log to standard error.
/// Source: corosync.conf(5), votequorum(5).
std::string corosync_conf(const Plan& plan);

}  // namespace gridlock
