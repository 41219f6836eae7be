// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "record/run_record.h"

namespace gridlock {

/// `run` as JUnit XML in the dialect of xfstests: a suite for each kernel, and one for what a
/// comparison asked. A failure is the tested kernel's, an error is Gridlock's or the host's; a
/// failure that was expected, and what was not judged, is skipped. Source: doc/xunit.xsd of
/// xfstests-dev.
std::string junit_xml(const RunRecord& run);

}  // namespace gridlock
