// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "host/memory.h"
#include "host/progress.h"
#include "plan/plan.h"

namespace gridlock {

/// Whether the nodes of one lab fit into what is available `now`: what they may take of it, and
/// whether equal pages are merged, in one line for people. Throws Error with the numbers if they do
/// not fit.
std::string require_memory(const Plan& plan, const MemoryReading& now);

/// The same with this host's memory; the line goes to `progress`. Before it is refused, what killed
/// runs left in `runs` is ended.
void require_memory_here(const Plan& plan, const std::filesystem::path& runs, Progress& progress);

}  // namespace gridlock
