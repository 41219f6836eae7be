// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

/// `run` as the signals that LAVA reads on a console, one a line: each case with its result, and
/// the operations a second of each workload in its steady window as a measurement. What was
/// expected to fail and did is "pass"; what gave no verdict is "unknown". Source: LAVA's
/// documentation, "Writing tests": lava-test-case.
std::string lava_signals(const RunRecord& run);

}  // namespace gridlock
