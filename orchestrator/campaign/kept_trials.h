// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <stop_token>

#include "campaign/lab_host.h"
#include "campaign/run_book.h"
#include "campaign/trace_decoder.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "trial/shared_lab.h"
#include "trial/trial_observer.h"

namespace gridlock {

/// Runs trials on the main thread, one at a time, and keeps what they came to in the run's book.
/// What is referred to must outlive it.
struct KeptTrials {
  LabHost& host;
  const LabHost::Place& place;
  RunBook& book;
  TraceDecoder& traces;
  CommandRunner& runner;
  Progress& progress;
  TrialObserver& observer;
  std::stop_token stop;

  /// `shared` as for run_trial(); `complete` adds to the record before it is kept.
  TrialRecord run(const PlannedTrial& trial, SharedLab* shared,
                  const std::function<void(TrialRecord&)>& complete = {}) const;
};

}  // namespace gridlock
