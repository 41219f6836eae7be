// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/comparison_parts.h"
#include "report/node_labels.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestCaseName = 100;
constexpr std::size_t kLongestMessage = 400;
constexpr std::size_t kLongestLogLine = 1000;

std::string name_of(const std::string& text) { return printable(text, kLongestCaseName); }

/// Makes names unique: the second "abba" is "abba (2)".
class Names {
 public:
  std::string unique(const std::string& name) {
    const int count = ++counts_[name];
    if (count == 1 && taken_.insert(name).second) return name;
    for (int i = std::max(count, 2);; ++i)
      if (const std::string other = fmt::format("{} ({})", name, i); taken_.insert(other).second)
        return other;
  }

 private:
  std::map<std::string, int> counts_;
  std::set<std::string> taken_;
};

/// The finding that says best why `trial` failed; none of a trial that did not.
const FindingRecord* decisive_finding(const TrialRecord& trial) {
  const FindingRecord* decisive = nullptr;
  for (const FindingRecord& finding : trial.findings) {
    if (finding.known || finding.secondary || !is_of_kernel(finding)) continue;
    if (finding.kind == "deadlock") return &finding;
    if (!decisive) decisive = &finding;
  }
  return decisive;
}

bool is_standstill(const std::string& kind) {
  static const std::set<std::string> kKinds{"deadlock", "stall", "spin", "silent", "hung_task"};
  return kKinds.contains(kind);
}

/// Whether `trial` ran as the base of a comparison: what fails there is what head is compared with.
bool is_of_base(const RunRecord& run, const TrialRecord& trial) {
  if (!run.compare) return false;
  const auto in = [&](const std::vector<PairRecord>& pairs, bool both) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const PairRecord& pair) {
      return pair.base_trial == trial.number || (both && pair.head_trial == trial.number);
    });
  };
  return in(run.compare->pairs_run, false) || in(run.compare->same_pairs, true);
}

ResultCase case_of(const RunRecord& run, const TrialRecord& trial) {
  ResultCase out;
  out.name = name_of(trial.name);
  out.seconds = std::max(trial.seconds, 0.0);
  out.started = trial.started;
  out.trial = &trial;
  out.message = printable(what_went_wrong(trial, run), kLongestMessage);
  const bool judged_by_topology = !run.hunt && !run.compare;
  switch (trial.outcome) {
    case Outcome::passed:
      out.message.clear();
      if (trial.expected || !judged_by_topology) break;
      out.result = CaseResult::failed;
      out.type = "unexpected_pass";
      out.message = "expected to fail, passed";
      break;
    case Outcome::failed: {
      const bool expected = judged_by_topology && trial.expected;
      out.result =
          expected || is_of_base(run, trial) ? CaseResult::known_failure : CaseResult::failed;
      const FindingRecord* const finding = decisive_finding(trial);
      out.type = finding ? printable(finding->kind, 40) : "failed";
      out.timed_out = finding && is_standstill(finding->kind);
      break;
    }
    case Outcome::error:
      out.result = CaseResult::broken;
      out.type = "harness";
      break;
    case Outcome::interrupted:
      out.result = CaseResult::broken;
      out.type = "interrupted";
      break;
    case Outcome::running:
      out.result = CaseResult::broken;
      out.type = "running";
      out.message = "did not end";
      break;
  }
  if (out.result != CaseResult::passed && out.message.empty()) out.message = out.type;
  return out;
}

ResultCase question(std::string name, CaseResult result, std::string type, std::string message) {
  ResultCase out;
  out.name = name_of(name);
  out.result = result;
  out.type = result == CaseResult::passed ? "" : std::move(type);
  out.message = printable(message, kLongestMessage);
  return out;
}

ResultCase completion_case(const Comparison& comparison, const TrialComparison& trial) {
  const FailureComparison& failures = trial.failures;
  const std::string text =
      fmt::format("{}: {} {}, {} {}, {}", to_string(failures.verdict),
                  printable(comparison.base, 60), rate_text(failures.base),
                  printable(comparison.head, 60), rate_text(failures.head), failures.p);
  const bool worse =
      failures.verdict == FailureVerdict::broken || failures.verdict == FailureVerdict::more_often;
  const bool open = failures.verdict == FailureVerdict::inconclusive;
  return question("completion " + trial.name,
                  worse  ? CaseResult::failed
                  : open ? CaseResult::skipped
                         : CaseResult::passed,
                  worse ? "completion" : "inconclusive", text);
}

ResultCase throughput_case(const TrialComparison& trial, const ThroughputComparison& one) {
  const std::string name = trial.name == one.workload
                               ? "throughput " + trial.name
                               : "throughput " + trial.name + " " + one.workload;
  if (!one.not_judged.empty())
    return question(name, CaseResult::skipped, "not_judged", "not judged: " + one.not_judged);
  std::string text =
      fmt::format("{}: {}, {}", to_string(one.verdict), comparison::effect_text(one.effect),
                  counted(one.points.size(), "pair"));
  if (!one.doubt.empty()) text += "; " + one.doubt;
  switch (one.verdict) {
    case EffectVerdict::worse:
      return question(name, CaseResult::failed, "throughput", text);
    case EffectVerdict::inconclusive:
      return question(name, CaseResult::skipped, "inconclusive", text);
    case EffectVerdict::better:
    case EffectVerdict::no_difference:
      break;
  }
  return question(name, CaseResult::passed, "", text);
}

ResultCase finding_case(const JudgedFinding& finding) {
  const std::string text =
      fmt::format("{}: base {}/{}, head {}/{}{}", to_string(finding.verdict), finding.base.seen,
                  finding.base.observed, finding.head.seen, finding.head.observed,
                  finding.doubt.empty() ? "" : "; " + finding.doubt);
  const std::string name = "finding " + finding.title;
  if (finding.verdict == FindingVerdict::added)
    return question(name, CaseResult::failed, finding.kind, text);
  if (finding.verdict == FindingVerdict::not_observable)
    return question(name, CaseResult::skipped, "not_observable", text);
  return question(name, CaseResult::passed, "", text);
}

CaseGroup comparison_group(const RunRecord& run) {
  const Comparison comparison = compare_run(run);
  CaseGroup group;
  group.name = name_of(comparison.head + " against " + comparison.base);
  for (const TrialComparison& trial : comparison.trials) {
    group.cases.push_back(completion_case(comparison, trial));
    for (const ThroughputComparison& one : trial.workloads)
      group.cases.push_back(throughput_case(trial, one));
  }
  for (const JudgedFinding& finding : comparison.findings)
    if (!finding.known) group.cases.push_back(finding_case(finding));
  if (comparison.trust.same.pairs > 0) {
    const bool sick = comparison.trust.same.host_sick;
    group.cases.push_back(question("base against itself",
                                   sick ? CaseResult::broken : CaseResult::passed, "host",
                                   sick ? "it differs: the host is not steady" : ""));
  }
  for (ResultCase& one : group.cases) one.started = run.updated;
  return group;
}

/// Adds `line` and an end to `text`, if it stays within `limit`.
bool add_line(std::string& text, const std::string& line, std::size_t limit) {
  if (text.size() + line.size() + 1 > limit) return false;
  text += line + '\n';
  return true;
}

}  // namespace

std::vector<CaseGroup> cases_of(const RunRecord& run) {
  std::vector<CaseGroup> groups;
  if (run.compare) groups.push_back(comparison_group(run));
  for (const std::string& kernel : kernels_in_order(run)) {
    CaseGroup group;
    group.name = name_of(kernel);
    for (const KernelRecord& record : run.kernels)
      if (record.name == kernel && !group.kernel) group.kernel = &record;
    for (const TrialRecord& trial : run.trials)
      if (trial.kernel == kernel) group.cases.push_back(case_of(run, trial));
    if (!group.cases.empty()) groups.push_back(std::move(group));
  }
  Names group_names;
  for (CaseGroup& group : groups) {
    group.name = group_names.unique(group.name);
    Names names;
    for (ResultCase& one : group.cases) one.name = names.unique(one.name);
  }
  return groups;
}

std::string log_of(const TrialRecord& trial, std::size_t limit) {
  std::string text;
  constexpr std::string_view kCut = "… more in run.json\n";
  const std::size_t room = limit > kCut.size() ? limit - kCut.size() : 0;
  for (const FindingRecord& finding : trial.findings) {
    const std::string head = fmt::format("{}: {}{}", printable(finding.id, 20),
                                         printable(finding.title, kLongestLogLine),
                                         finding.known       ? " (known)"
                                         : finding.secondary ? " (a consequence)"
                                                             : "");
    const std::string where = fmt::format(
        "  {} seen {} on {} in {}", printable(finding.identity, kLongestLogLine),
        counted(static_cast<std::size_t>(std::max(finding.count, 0)), "time"),
        printable(node_labels(finding, trial), kLongestLogLine), printable(finding.step, 40));
    bool fits = add_line(text, head, room) && add_line(text, where, room);
    if (!finding.excerpt.empty())
      for (const std::string& line : split(finding.excerpt, '\n'))
        fits = fits && add_line(text, "  " + printable(line, kLongestLogLine), room);
    if (!fits) return text + std::string(kCut);
  }
  return text;
}

}  // namespace gridlock
