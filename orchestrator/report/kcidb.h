// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "record/run_record.h"

namespace gridlock {

/// `run` as a report of Kernel CI's database, schema 5.3: a checkout and a build for each kernel, a
/// test for each trial, a child of it for each workload's rate, an issue for each identity and an
/// incident for each time it was seen; of a comparison a test of head's build for each question.
/// Source: kcidb_io/schema/v05_03.py of kcidb-io.
Json kcidb_report(const RunRecord& run);

}  // namespace gridlock
