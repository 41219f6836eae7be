// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "diagnosis/diagnose.h"

namespace gridlock::diagnosis {

/// The diagnosis as docs/diagnosis.md describes it: `"schema": 1`. States only of tasks that take
/// part in a wait; at most 4096 waits, the path's first.
Json json_of(const Diagnosis& diagnosis);

}  // namespace gridlock::diagnosis
