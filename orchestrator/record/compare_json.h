// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "record/json_members.h"
#include "record/run_record.h"

/// What only a comparison keeps, as members of run.json and trial.json (docs/results.md).
namespace gridlock::record_json {

Json health_json(const HealthRecord& health);
Json compare_json(const CompareRecord& compare);
/// Both throw Error naming the member that is missing or wrong.
HealthRecord read_health(const Members& from);
CompareRecord read_compare(const Members& from);

}  // namespace gridlock::record_json
