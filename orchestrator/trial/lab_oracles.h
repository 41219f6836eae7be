// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "record/run_record.h"
#include "trial/lab.h"

namespace gridlock {

/// What the nodes of a lab say of their kernels' detectors, and their consoles of themselves, trial
/// by trial: what there was before a trial is not its own.
class LabOracles {
 public:
  /// A trial begins: it has the consoles from here on, and the kernels as they were asked last.
  void begin_trial(Lab& lab);
  /// Asks every node of `crew`, side by side, at most `limit`.
  void ask(const Crew& crew, Milliseconds limit, std::stop_token stop);
  /// The same before the work: how the trial found them, in a lab that begins with it.
  void ask_before(const Crew& crew, Milliseconds limit, std::stop_token stop);

  /// By node name: as asked last, and what the consoles have shown in this trial.
  std::map<std::string, OracleRecord> of_trial(Lab& lab) const;

  /// Why a trial that begins now could not be judged like this one; empty: it can. A kernel must
  /// not be tainted more than it was, and lockdep must watch if it did or is `required`.
  std::string spoiled(Lockdep lockdep) const;

 private:
  std::map<std::string, OracleRecord> before_;    // lockdep and taint
  std::map<std::string, OracleRecord> now_;       // lockdep and taint
  std::map<std::string, OracleRecord> consoles_;  // what they had shown when the trial began
};

}  // namespace gridlock
