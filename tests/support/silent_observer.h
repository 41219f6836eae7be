// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "trial/trial_observer.h"

namespace gridlock {

/// Nobody watches the trial.
class SilentObserver : public TrialObserver {
 public:
  void trial_begins(const PlannedTrial&, int) override {}
  void step(const std::string&) override {}
  void node(const PlannedNode&, const std::string&) override {}
  void finding(const FindingRecord&) override {}
  void trial_ends(const TrialRecord&) override {}
};

/// Nobody either, but the steps are told.
class StepObserver final : public SilentObserver {
 public:
  void step(const std::string& step) override {
    steps.push_back(step);
    if (on_step) on_step(step);
  }
  std::vector<std::string> steps;
  std::function<void(const std::string&)> on_step;
};

}  // namespace gridlock
