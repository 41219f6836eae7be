// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "plan/plan.h"

namespace gridlock {

/// The plan of a run that was kept in `run`, made anew from the topology as it was then. Relative
/// paths in it are relative to where it stood. Where nodes begin is as it was then, unless
/// `options` say otherwise. Throws Error if what was kept is damaged, UsageError as make_plan()
/// does.
Plan kept_plan(const std::filesystem::path& run, PlanOptions options, const HostFacts& host);

}  // namespace gridlock
