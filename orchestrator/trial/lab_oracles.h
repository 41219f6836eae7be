// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "record/run_record.h"
#include "trial/lab.h"
#include "watch/oracles.h"
#include "watch/self_check.h"

namespace gridlock {

/// What the nodes of a lab say of their kernels' detectors, and their consoles of themselves, trial
/// by trial: what there was before a trial is not its own.
class LabOracles {
 public:
  /// `plan` must outlive it.
  explicit LabOracles(const Plan& plan) : plan_(plan) {}

  /// A trial begins: it has the consoles from here on, and the kernels as they were asked last.
  void begin_trial(Lab& lab);
  /// Asks every node of `crew`, side by side, at most `limit`; of those in `broken` see
  /// ask_oracles().
  void ask(const Crew& crew, const std::set<NodeId>& broken, Milliseconds limit,
           std::stop_token stop);
  /// How the trial finds the nodes of a lab that begins with it, as they were when it was saved.
  void found(std::map<NodeId, Oracles> as_saved) { before_ = std::move(as_saved); }
  /// The same, asked before the work, unless it is known.
  void ask_before(const Crew& crew, Milliseconds limit, std::stop_token stop);
  /// A node that cannot be asked, and why.
  void cannot_ask(NodeId node, const std::string& why);
  /// Whether a node told how its kernel is when it was asked last.
  bool told(NodeId node) const;

  /// Compares what a node's console has shown in this trial with what its kernel said last.
  SelfCheck check(const Lab::Node& node, const ConsoleTally& console) const;
  /// How that came out: "agrees", "disagrees", or why it was not made. A later trial of the lab
  /// relies on an agreement.
  void note_check(NodeId node, const std::string& result);

  /// By node name: as asked last, and what the consoles have shown in this trial.
  std::map<std::string, OracleRecord> of_trial(Lab& lab) const;

  /// Why a trial that begins now could not be judged like this one; empty: it can. A kernel must
  /// not be tainted more than it was, and lockdep must watch if it did or is `required`.
  std::string spoiled(Lockdep lockdep) const;

 private:
  /// What a console had shown, and lost, at a moment.
  struct Shown {
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;
    std::uint64_t lost = 0;
  };
  /// What it has shown in this trial.
  Shown shown(const Lab::Node& node) const;

  const Plan& plan_;
  std::map<NodeId, Oracles> before_;
  std::map<NodeId, Oracles> now_;
  std::map<NodeId, std::string> checks_;  // how the comparison came out
  std::map<NodeId, Shown> consoles_;      // what they had shown when the trial began
  bool begun_ = false;                    // a trial has begun in the lab
  bool joined_ = false;                   // and another before it
  std::set<NodeId>
      unsure_;  // a trial before this one could not tell whether console and kernel agree
};

}  // namespace gridlock
