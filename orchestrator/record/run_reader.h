// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// Reads a run's directory (or its run.json). Throws UsageError if there is no run, Error with a
/// position or the member's name if run.json is damaged. A run whose writer is gone and that still
/// says "running" is given outcome `interrupted` with the reason "gridlock was killed"; so are its
/// trials that were running.
RunRecord read_run(const std::filesystem::path& run);

/// The directory a person means by `name`: a path, the name or an unambiguous end of a name of a
/// run under `results`, or "latest". Throws UsageError with near names.
std::filesystem::path find_run(const std::filesystem::path& results, const std::string& name);

/// Takes every run under `results`, oldest first, one after another; one that cannot be read has
/// only its id, outcome `error` and the reason.
void for_each_run(const std::filesystem::path& results,
                  const std::function<void(RunRecord&&)>& take);

/// The same, all of them at once.
std::vector<RunRecord> list_runs(const std::filesystem::path& results);

/// The record in the text of a run.json, as it stands there. `name` is for messages. Throws Error
/// "<name>:<line>:<column>: …" for text that is not JSON (a cut text is none), "<name>: …" for
/// JSON that is no run.
RunRecord parse_run(std::string_view text, const std::string& name);

/// The lines of an events.jsonl or samples.jsonl, each an object. A last line that was cut off in
/// the middle is left out; any other line that is not an object throws Error "<name>:<line>: …".
std::vector<Json> parse_json_lines(std::string_view text, const std::string& name);

/// The same of a file. Throws Error if it cannot be read.
std::vector<Json> read_json_lines(const std::filesystem::path& file);

}  // namespace gridlock
