// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "record/run_record.h"

namespace gridlock {

/// One kernel of a run that was kept.
struct KeptKernel {
  const RunRecord& run;
  std::filesystem::path directory;  ///< the run's
  std::string kernel;
};

/// compare_runs() as a page: the trials of both kernels, numbered through, those of base first. A
/// kernel that has the same name in both runs is named with its run. `folder` is where the page
/// will lie: its links lead from there to the files of both runs. Throws UsageError as
/// compare_runs() does.
std::string html_of_runs(const KeptKernel& base, const KeptKernel& head,
                         const std::filesystem::path& folder);

}  // namespace gridlock
