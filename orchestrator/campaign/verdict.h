// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "record/run_record.h"

namespace gridlock {

/// The program's exit codes (docs/architecture.md).
enum ExitCode {
  kExitPassed = 0,
  kExitFindings = 1,
  kExitUsage = 2,
  kExitHost = 3,
  kExitInconclusive = 4,
  kExitInterrupted = 130,
};

/// Sets outcome, reason and exit code of a run whose trials have ended: interrupted before error
/// before failed. A trial that failed as the topology expects is no failure of the run; one that
/// was expected to fail and passed is.
void judge_run(RunRecord& run);

}  // namespace gridlock
