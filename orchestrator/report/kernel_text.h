// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

/// What a workload cost the kernels, each a line: "DLM per op: 0.8 requests, 2.1 frames", and the
/// lock that all nodes together waited for longest, "waited 12.0 ms for &ip->i_rw_mutex". Empty if
/// nothing is known, or it cost nothing.
std::string kernel_text(const WorkloadRecord& workload);

}  // namespace gridlock
