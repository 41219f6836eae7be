// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "record/run_record.h"
#include "report/page.h"

namespace gridlock {

/// The kernels of `run` in the order they are shown: of two, the base comes first and the one under
/// test second. The base is the one expected to fail, else the one called "unpatched", else the one
/// the other was derived from, else the one listed second.
std::vector<std::string> kernels_in_order(const RunRecord& run);

/// What a kernel is to a reader of its figures: "perf", built to measure throughput, "debug", built
/// to find bugs, or "prebuilt", built by others as nobody here knows.
std::string kernel_kind(const KernelRecord& kernel);

/// Whether `trial` says something about its kernel.
bool has_verdict(const TrialRecord& trial);

/// How many trials ended so.
std::size_t count_of(const RunRecord& run, Outcome outcome);

/// The first line of a reason, printable.
std::string first_line(const std::string& reason);

/// "4m12s", "41.2s": a length for people.
std::string duration_text(double seconds);

/// " (both nodes)", " (all 3 nodes)", " (node1, node3)"; nothing in a run of one node.
std::string seen_on(const FindingRecord& finding, const TrialRecord& trial, const RunRecord& run);

/// "node2 was killed at 31.4 s, the others stood still for up to 14.2 s": one thing that was done
/// to a node on purpose; printable.
std::string fault_text(const FaultRecord& fault);

/// One line on why `trial` failed or broke: a deadlock, else the finding that decided, else the
/// first line of its reason.
std::string what_went_wrong(const TrialRecord& trial, const RunRecord& run);

/// How often the trials of a hunt failed, by identity.
void add_hunt(Page& page, const RunRecord& run);
/// Trials by kernel.
void add_table(Page& page, const RunRecord& run);
/// What the kernels did that they should not have: fixed, new and in both for two kernels.
void add_findings(Page& page, const RunRecord& run);
/// Trials that ended otherwise than the topology expects, and what broke on our side.
void add_surprises(Page& page, const RunRecord& run);
/// What a reader needs to know to believe the rest.
void add_trust(Page& page, const RunRecord& run);

}  // namespace gridlock
