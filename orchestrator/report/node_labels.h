// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

/// "alpha, behind (unpatched)": the nodes a finding was seen on, with the kernel of those that ran
/// another one than the trial's. As recorded: to be made printable.
std::string node_labels(const FindingRecord& finding, const TrialRecord& trial);

}  // namespace gridlock
