// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "host/draft.h"

namespace gridlock {

/// Removes from the cache what killed programs were making. Throws Error.
std::vector<RemovedTree> remove_half_made(const std::filesystem::path& cache);

/// Removes what nobody has used for two weeks (kForgotten) and what can be made again: templates,
/// formed labs, workspaces of kernels. Built kernels and node images stay. Throws Error.
std::vector<RemovedTree> remove_forgotten(const std::filesystem::path& cache, UtcTime now);

}  // namespace gridlock
