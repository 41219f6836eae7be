// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// Reads a run's directory (or its run.json). Throws UsageError if there is no run, Error with a
/// position if run.json is damaged. A run whose writer is gone and that still says "running" is
/// given outcome `interrupted` with the reason "gridlock was killed".
RunRecord read_run(const std::filesystem::path& run);

/// The directory a person means by `name`: a path, the name or an unambiguous end of a name of a
/// run under `results`, or "latest". Throws UsageError with near names.
std::filesystem::path find_run(const std::filesystem::path& results, const std::string& name);

/// Every run under `results`, oldest first; one that cannot be read has only its id and a reason.
std::vector<RunRecord> list_runs(const std::filesystem::path& results);

}  // namespace gridlock
