// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_writer.h"
#include "watch/evidence.h"
#include "watch/wait_graph.h"

namespace gridlock {

/// A deadlock that the evidence shows, as it is recorded.
FindingRecord finding_of(const Deadlock& deadlock);

/// Writes the files to the folder of the finding `id`, and at `now` (s since the trial's start) an
/// event for each that could not be had.
void keep_evidence(TrialWriter& writer, const std::string& id, const Evidence& evidence,
                   double now);

}  // namespace gridlock
