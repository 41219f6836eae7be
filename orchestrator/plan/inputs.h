// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "plan/plan.h"

namespace gridlock {

/// The kernel with its fragments, patches and source tree found. Throws UsageError naming what is
/// not there, where it was looked for, and what was probably meant.
PlannedKernel plan_kernel(const KernelSpec& kernel, const std::filesystem::path& topology_file,
                          const HostFacts& host);

/// "did you mean NEAR?", or `introduction` with all that is known.
std::string suggestion_hint(const std::string& word, const std::vector<std::string>& known,
                            const std::string& introduction);

}  // namespace gridlock
