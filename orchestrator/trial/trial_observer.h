// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "plan/plan.h"
#include "record/run_record.h"

namespace gridlock {

/// Hears how a trial goes, for a person who watches. Called on the loop's thread; returns at once.
class TrialObserver {
 public:
  virtual ~TrialObserver() = default;
  virtual void trial_begins(const PlannedTrial& trial, int total) = 0;
  /// One of the trial's steps begins: "start", "connect", …
  virtual void step(const std::string& step) = 0;
  /// The last thing a node did, one line.
  virtual void node(const PlannedNode& node, const std::string& status) = 0;
  virtual void finding(const FindingRecord& finding) = 0;
  virtual void trial_ends(const TrialRecord& trial) = 0;
};

}  // namespace gridlock
