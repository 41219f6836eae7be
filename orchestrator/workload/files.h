// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// Removes the files of `workloads`, by name: from the shared file system, on the first node; and
/// what was put on the nodes, with all that is beside it in the same folder below a kFileFolders,
/// on every node. Throws BarrierFailed if they are not gone within `limit`, which holds for either.
void remove_files(const Plan& plan, const std::vector<std::string>& workloads, const Crew& crew,
                  Milliseconds limit, std::stop_token stop);

}  // namespace gridlock
