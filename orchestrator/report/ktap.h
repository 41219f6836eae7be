// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

/// `run` as KTAP version 1: a test for each kernel, and one for what a comparison asked, with their
/// cases nested in it; findings are diagnostic lines. Source: Documentation/dev-tools/ktap.rst.
std::string ktap_results(const RunRecord& run);

}  // namespace gridlock
