// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// "fs/gfs2/file.c:559", or nothing if the file is not known.
std::string place_text(const SourcePlace& place);

/// A whole trace, a line for each location and below it, indented, what it is in the source,
/// innermost first.
std::string trace_text(const std::vector<TraceStep>& trace);

/// Where a finding's function was and who called it, in one line: "gfs2_fault (fs/gfs2/file.c:559)
/// < gfs2_file_read_iter (fs/gfs2/file.c:954)"; without functions that say nothing of the cause.
/// Empty if its trace was not decoded.
std::string source_text(const FindingRecord& finding);

}  // namespace gridlock
