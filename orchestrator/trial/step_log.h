// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>

#include "record/run_record.h"
#include "record/run_writer.h"
#include "trial/judgement.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// The steps of a trial: told, written and recorded as they begin and end.
class StepLog {
 public:
  /// `now` gives the seconds since the trial's start.
  StepLog(TrialRecord& record, TrialWriter& writer, TrialObserver& observer,
          std::function<double()> now)
      : record_(record), writer_(writer), observer_(observer), now_(std::move(now)) {}

  /// Does `body` as the step `name`. What it throws is recorded and thrown on.
  void step(const std::string& name, const std::function<void()>& body);

  /// A step whose failure changes nothing but its own entry, and whose interruption is noted in
  /// `course`.
  void attempt(const std::string& name, Course& course, const std::function<void()>& body);

  /// The step that began last.
  const std::string& current() const { return current_; }

 private:
  TrialRecord& record_;
  TrialWriter& writer_;
  TrialObserver& observer_;
  std::function<double()> now_;
  std::string current_;
};

}  // namespace gridlock
