// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "console/finding.h"
#include "plan/plan.h"
#include "record/run_record.h"

namespace gridlock {

/// The findings of one trial: what was seen again, on the same node or another, is the same finding
/// with a higher count.
class FindingLog {
 public:
  /// `plan` names the nodes and the findings that are known.
  explicit FindingLog(const Plan& plan);

  /// Takes one report. `where` is the step and the seconds since the trial's start. Returns the
  /// finding if it is new, else null.
  struct Where {
    std::string step;
    double at = 0;
  };
  const FindingRecord* add(FindingRecord report, NodeId node, const Where& where);

  const std::vector<FindingRecord>& all() const { return findings_; }
  /// The first that decides the trial: the kernel's, not known and not a consequence. Null: there
  /// is none.
  const FindingRecord* decisive() const;
  /// The first against Gridlock itself. Null: there is none.
  const FindingRecord* self_check() const;
  /// Whether `node` has a finding of one of `kinds`.
  bool has(NodeId node, const std::set<std::string>& kinds) const;
  /// Whether the memory of the node's kernel cannot be trusted any more.
  bool corrupted(NodeId node) const;

 private:
  const std::string& name_of(NodeId node) const;

  std::vector<std::string> known_;
  std::vector<std::string> names_;  // of all nodes, in the plan's order
  std::vector<FindingRecord> findings_;
};

/// What the console reader found, as it is recorded. `log` is the console's file, relative to the
/// trial's folder; `excerpt` is the report's text.
FindingRecord record_of(const console::Finding& finding, const std::string& log,
                        std::string_view excerpt);

/// Whether a lab is lost with this finding: nothing recovers from it.
bool is_fatal(const FindingRecord& finding);

/// The beginning of `text` line by line, without what could steer a terminal.
std::string printable_lines(std::string_view text);

/// A finding of Gridlock's own: its identity is kind and detail.
FindingRecord own_finding(const std::string& kind, const std::string& title,
                          const std::string& identity_detail);

}  // namespace gridlock
