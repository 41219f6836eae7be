// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "record/run_record.h"
#include "record/trial_events.h"
#include "record/trial_series.h"

namespace gridlock {

/// The names of the nodes a trial tells of, node2 before node10.
std::vector<std::string> nodes_of(const TrialRecord& trial);

/// The course of a trial for page.js: `lanes` (names of nodes), `end` (s), `spans` (`lane`, its
/// number from 0; `name`, `begin`, `end`) and `marks` (`lane`, `at`, `kind`: "finding", "workload",
/// "lost" or "other"; `text`).
Json lanes_chart(const TrialRecord& trial, const std::vector<TrialEvent>& events);

/// Its throughput: `begin`, `step`, `end` (s), `unit` ("MB/s", or "operations/s" where no bytes are
/// moved) and `nodes` (`name`, `values`: one a bin, null: nobody reported).
Json throughput_chart(const TrialRecord& trial, const TrialSeries& series);

}  // namespace gridlock
