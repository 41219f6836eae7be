// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "diagnosis/diagnose.h"
#include "record/run_writer.h"
#include "trial/finding_log.h"
#include "trial/lab.h"
#include "trial/stall_watch.h"
#include "trial/take_evidence.h"

namespace gridlock {

/// Finds out what is the matter with the lab of a trial, and keeps what shows it in the trial's
/// folder: when a workload stands still, when a trial has failed, and when somebody asks.
class Investigation {
 public:
  /// `report` takes what was found; `now` gives the seconds since the trial's start. What is
  /// referred to must outlive it.
  Investigation(const LabSetting& setting, Lab& lab, const FindingLog& log, TrialWriter& writer,
                std::function<void(FindingRecord, NodeId)> report, std::function<double()> now);

  StallWatch& stalls() { return stalls_; }
  const StallWatch& stalls() const { return stalls_; }

  /// Somebody stands still: tells why at once, then takes the rest of the evidence.
  void look_into_stall(const std::string& workload, std::stop_token stop);

  /// The trial has failed: takes the evidence, if none was taken yet. `lost` are nodes whose agents
  /// need not be asked.
  void collect(const std::set<NodeId>& lost, std::stop_token stop);

  /// Whether evidence of a failure was taken.
  bool taken() const { return taken_; }

  /// Nodes that are there and whose kernel hit a BUG or an oops.
  std::set<NodeId> broken() const;

 private:
  /// What keeps files in evidence/<name>.
  KeepEvidence keeper(const std::string& name) const;
  void note(const std::vector<std::string>& skipped);
  /// Looks at the machines of all nodes that have one, into evidence/<name>.
  void look_at_machines(const std::string& name, std::stop_token stop);

  const LabSetting& setting_;
  Lab& lab_;
  const FindingLog& log_;
  TrialWriter& writer_;
  std::function<void(FindingRecord, NodeId)> report_;
  std::function<double()> now_;
  StallWatch stalls_;
  bool taken_ = false;
};

}  // namespace gridlock
