// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "record/run_record.h"

namespace gridlock {

/// Whether `trial` of `run` would have shown `finding`, seen in another trial, if its kernel had
/// it: it gave a verdict, came as far as the finding's step, and the detector lived. Lockdep
/// reports one lock-order problem a boot and then goes off; a kernel that died in a step says no
/// more in it; a console that dropped lines proves nothing.
bool would_have_shown(const RunRecord& run, const TrialRecord& trial, const FindingRecord& finding);

/// The same, and nothing else ended that step early: that the finding is not there says that the
/// kernel does not have it. Only that much makes something fixed.
bool shows_absence(const RunRecord& run, const TrialRecord& trial, const FindingRecord& finding);

}  // namespace gridlock
