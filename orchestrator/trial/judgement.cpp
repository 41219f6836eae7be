// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/judgement.h"

#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "topology/words.h"

namespace gridlock {
namespace {

/// PID 1 is ours: a sound kernel that panics because it ended did nothing wrong.
std::optional<std::string> agent_died(const FindingLog& log) {
  for (const FindingRecord& finding : log.all())
    if (finding.kind == "panic" && !finding.secondary &&
        finding.title.find("kill init") != std::string::npos)
      return finding.nodes.front();
  return std::nullopt;
}

std::string looked_at_nothing(const TrialRecord& record) {
  for (const auto& [node, oracles] : record.oracles)
    // The console of a lab that goes on has been seen to work.
    if (oracles.console_bytes == 0 && record.lab_of == 0)
      return "the console of " + node + " is empty";
  if (record.oracles.empty()) return "no console was read";
  if (record.workloads.empty()) return "no workload was run";
  for (const WorkloadRecord& workload : record.workloads)
    // Any other program of a user's says by its exit status whether it did what it is for.
    if (workload.program != "exec" &&
        (workload.total.operations == 0 || workload.total.samples == 0))
      return workload.name + " did nothing";
  return {};
}

void judge_workload(WorkloadRecord& workload, const TrialRecord& record) {
  // The trial ends with the workload that failed: those before it were right.
  const bool last = &workload == &record.workloads.back();
  workload.outcome = last ? record.outcome : Outcome::passed;
  if (workload.outcome != Outcome::passed) {
    workload.detail = split(record.reason, '\n').front();
    return;
  }
  if (workload.program == "exec" && workload.total.samples == 0) {
    workload.detail = fmt::format("ended well on {} nodes", workload.nodes.size());
    return;
  }
  const bool own_operations = workload.program == "fio" || workload.program == "exec";
  const std::string what = own_operations ? "operations" : workload.operation + "s";
  workload.detail = fmt::format("{} {}, none short", workload.total.operations, what);
}

}  // namespace

TrialRecord begin_record(const PlannedTrial& trial, Start start,
                         const std::filesystem::path& directory, UtcTime now) {
  TrialRecord record;
  record.number = trial.number;
  record.kernel = trial.kernel;
  record.name = trial.name;
  record.expect = trial.expect;
  record.any_of_kernel = trial.any_of_kernel;
  record.directory = directory.parent_path().filename() / directory.filename();
  record.started = now;
  record.start = word_of(start);
  record.seed = trial.seed;
  return record;
}

void judge_trial(TrialRecord& record, const FindingLog& log, const Course& course) {
  const FindingRecord* const decisive = log.decisive();
  const auto conclude = [&](Outcome outcome, const std::string& reason) {
    record.outcome = outcome;
    record.reason = reason;
    if (outcome == Outcome::error && !course.hint.empty()) record.reason += "\n" + course.hint;
  };
  if (!course.interrupted.empty())
    conclude(Outcome::interrupted, course.interrupted);
  else if (const auto node = agent_died(log))
    conclude(Outcome::error, "the agent on " + *node + " died; see its console.log");
  else if (course.host_broke)
    conclude(Outcome::error, course.failure);
  else if (decisive)
    conclude(Outcome::failed, decisive->title);
  else if (!course.failure.empty())
    conclude(Outcome::error, course.failure);
  else if (const FindingRecord* const ours = log.self_check())
    conclude(Outcome::error, "self-check: " + ours->title);
  else if (const std::string nothing = looked_at_nothing(record); !nothing.empty())
    conclude(Outcome::error, nothing);
  else
    conclude(Outcome::passed, "");
  for (WorkloadRecord& workload : record.workloads) judge_workload(workload, record);
  record.expected = record.outcome == Outcome::passed
                        ? record.expect == Expectation::pass || record.any_of_kernel
                        : record.outcome == Outcome::failed && record.expect == Expectation::fail;
}

}  // namespace gridlock
