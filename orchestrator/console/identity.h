// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "console/finding.h"
#include "console/report.h"

namespace gridlock::console {

/// Names a report that has ended: everything of a finding but whether it is secondary, which
/// depends on other findings.
Finding describe(const Report& report);

}  // namespace gridlock::console
