// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/kcidb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "report/cases.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr int kMajor = 5, kMinor = 3;
constexpr std::string_view kOrigin = "gridlock";
/// The schema takes 16384 characters.
constexpr std::size_t kLongestExcerpt = 16'000;
constexpr std::size_t kLongestText = 1000;
constexpr std::size_t kDigestDigits = 32;
constexpr int kIssueVersion = 1;

/// A step of a path: letters, digits, '_' and '-' only; never empty.
std::string path_step(const std::string& name) {
  std::string out = printable(name, 100);
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return out.empty() ? "_" : out;
}

bool is_hash(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

/// Over the hashes of the patches, a line each; empty if there are none. Absent where a patch was
/// taken back, which the schema has no way to say, or where it is not known what was applied.
std::optional<std::string> patchset_hash(const KernelRecord& kernel) {
  if (kernel.prebuilt || kernel.architecture.empty()) return std::nullopt;
  if (kernel.patches.empty()) return "";
  std::string hashes;
  for (const PatchRecord& patch : kernel.patches) {
    if (patch.revert || patch.sha256.size() != 64 || !is_hash(patch.sha256)) return std::nullopt;
    hashes += patch.sha256 + "\n";
  }
  return sha256(hashes);
}

double duration_of(double seconds) {
  return std::isfinite(seconds) ? std::clamp(seconds, 0.0, 1e9) : 0;
}

class Report {
 public:
  explicit Report(const RunRecord& run) : run_(run) {}

  Json write() {
    for (const std::string& kernel : kernels_in_order(run_)) add_kernel(kernel);
    for (const CaseGroup& group : cases_of(run_))
      for (const ResultCase& one : group.cases) {
        if (one.trial)
          add_trial(one);
        else
          add_question(one);
      }
    return Json{{"version", {{"major", kMajor}, {"minor", kMinor}}},
                {"checkouts", std::move(checkouts_)},
                {"builds", std::move(builds_)},
                {"tests", std::move(tests_)},
                {"issues", std::move(issues_)},
                {"incidents", std::move(incidents_)}};
  }

 private:
  /// An id that nothing else of its kind in this report has.
  std::string id_of(const std::string& rest, std::set<std::string>& taken) {
    const std::string id = fmt::format("{}:{}", kOrigin, printable(rest, 500));
    std::string out = id;
    for (int i = 2; !taken.insert(out).second; ++i) out = fmt::format("{}:{}", id, i);
    return out;
  }

  void add_kernel(const std::string& name) {
    KernelRecord kernel;
    kernel.name = name;
    for (const KernelRecord& record : run_.kernels)
      if (record.name == name) kernel = record;
    // The key is of source, patches, configuration and compiler: the same build is the same
    // everywhere.
    const std::string rest = kernel.key.empty() ? run_.id + ":" + name : kernel.key;
    const std::string checkout = id_of(rest, checkout_ids_);
    const std::string build = id_of(rest, build_ids_);
    build_of_[name] = build;
    add_checkout(kernel, checkout);
    add_build(kernel, build, checkout);
  }

  void add_checkout(const KernelRecord& kernel, const std::string& id) {
    Json checkout{{"id", id},
                  {"origin", kOrigin},
                  {"comment", printable(kernel.name + " " + kernel.release, kLongestText)}};
    // Of a working tree the commit is only what it was made from.
    if (!kernel.git_tree.empty() && is_hash(kernel.commit))
      checkout["git_commit_hash"] = kernel.commit;
    if (const auto hash = patchset_hash(kernel)) checkout["patchset_hash"] = *hash;
    Json patches = Json::array();
    for (const PatchRecord& patch : kernel.patches)
      patches.push_back({{"name", printable(patch.file, kLongestText)},
                         {"subject", printable(patch.subject, kLongestText)},
                         {"revert", patch.revert},
                         {"sha256", printable(patch.sha256, kLongestText)}});
    checkout["misc"] = {{"kernel", printable(kernel.name, kLongestText)},
                        {"derived_from", printable(kernel.from, kLongestText)},
                        {"release", printable(kernel.release, kLongestText)},
                        {"package", printable(kernel.package, kLongestText)},
                        {"made_from_commit", printable(kernel.commit, kLongestText)},
                        {"patches", std::move(patches)}};
    checkouts_.push_back(std::move(checkout));
  }

  void add_build(const KernelRecord& kernel, const std::string& id, const std::string& checkout) {
    Json build{{"id", id}, {"origin", kOrigin}, {"checkout_id", checkout}};
    if (kernel.build_began) build["start_time"] = rfc3339(*kernel.build_began);
    // What others built, they configured, and it took them nobody knows how long.
    if (!kernel.prebuilt) {
      build["duration"] = duration_of(kernel.build_seconds);
      build["config_name"] = kernel.config.empty()
                                 ? kernel_kind(kernel)
                                 : printable(join(kernel.config, "+"), kLongestText);
    }
    if (is_word(kernel.architecture)) build["architecture"] = kernel.architecture;
    if (!kernel.compiler.empty()) build["compiler"] = printable(kernel.compiler, kLongestText);
    if (!kernel.key.empty()) build["status"] = "PASS";  // it was built, or nothing ran
    build["misc"] = {{"key", printable(kernel.key, kLongestText)}};
    builds_.push_back(std::move(build));
  }

  static std::string_view status_of(const ResultCase& one) {
    switch (one.result) {
      case CaseResult::passed:
        return "PASS";
      case CaseResult::failed:
        return one.type == "unexpected_pass" ? "PASS" : "FAIL";
      case CaseResult::known_failure:
        return "FAIL";  // that it was expected does not make the code sound
      case CaseResult::skipped:
        return "SKIP";
      case CaseResult::broken:
        break;
    }
    const bool test_broke =
        one.trial && std::any_of(one.trial->workloads.begin(), one.trial->workloads.end(),
                                 [](const WorkloadRecord& workload) {
                                   return workload.outcome == Outcome::error;
                                 });
    return test_broke ? "ERROR" : "MISS";
  }

  Json environment() const {
    return {
        {"comment", printable(fmt::format("{} nodes, {}, {}", run_.nodes, run_.accel, run_.host),
                              kLongestText)},
        {"misc",
         {{"topology", printable(run_.topology, kLongestText)},
          {"nodes", run_.nodes},
          {"accel", printable(run_.accel, kLongestText)},
          {"plan_hash", printable(run_.plan_hash, kLongestText)},
          {"gridlock", printable(run_.gridlock_version, kLongestText)}}}};
  }

  void add_trial(const ResultCase& one) {
    const TrialRecord& trial = *one.trial;
    const std::string rest = fmt::format("{}:{}", run_.id, trial.number);
    const std::string id = id_of(rest, test_ids_);
    const std::string path = "gridlock." + path_step(trial.name) + ".run";
    Json test{{"id", id},
              {"origin", kOrigin},
              {"build_id", build_of_.at(trial.kernel)},
              {"path", path},
              {"status", status_of(one)},
              {"start_time", rfc3339(trial.started)},
              {"duration", duration_of(trial.seconds)},
              {"environment", environment()}};
    if (!one.message.empty()) test["comment"] = one.message;
    if (const std::string log = log_of(trial, kLongestExcerpt); !log.empty())
      test["log_excerpt"] = log;
    test["misc"] = {{"seed", trial.seed}, {"directory", printable(trial.directory, kLongestText)}};
    tests_.push_back(std::move(test));
    for (const WorkloadRecord& workload : trial.workloads) add_rate(trial, workload, rest, path);
    for (const FindingRecord& finding : trial.findings)
      if (!finding.secondary) add_incident(finding, rest, id);
  }

  void add_rate(const TrialRecord& trial, const WorkloadRecord& workload, const std::string& rest,
                const std::string& path) {
    if (!workload.total.steady || !std::isfinite(workload.total.steady->operations_per_second))
      return;
    const std::string step = path_step(workload.name);
    tests_.push_back({{"id", id_of(rest + ":" + step, test_ids_)},
                      {"origin", kOrigin},
                      {"build_id", build_of_.at(trial.kernel)},
                      {"path", path + "." + step},
                      {"status", "DONE"},
                      {"number",
                       {{"value", workload.total.steady->operations_per_second},
                        {"unit", "operations/s"},
                        {"prefix", "metric"}}},
                      {"start_time", rfc3339(trial.started)},
                      {"duration", duration_of(workload.seconds)}});
  }

  void add_incident(const FindingRecord& finding, const std::string& rest,
                    const std::string& test) {
    const std::string digest = sha256(finding.identity).substr(0, kDigestDigits);
    const auto known = issue_of_.find(finding.identity);
    std::string issue;
    if (known == issue_of_.end()) {
      issue = issue_of_[finding.identity] = id_of(digest, issue_ids_);
      const bool of_kernel = is_of_kernel(finding);
      issues_.push_back(
          {{"id", issue},
           {"version", kIssueVersion},
           {"origin", kOrigin},
           {"report_subject", printable(finding.title, kLongestText)},
           {"culprit", {{"code", of_kernel}, {"tool", false}, {"harness", !of_kernel}}},
           {"comment", printable(finding.identity, kLongestText)},
           {"misc",
            {{"kind", printable(finding.kind, kLongestText)},
             {"function", printable(finding.function, kLongestText)},
             {"known", finding.known}}}});
    } else {
      issue = known->second;
    }
    incidents_.push_back(
        {{"id", id_of(rest + ":" + finding.id, incident_ids_)},
         {"origin", kOrigin},
         {"issue_id", issue},
         {"issue_version", kIssueVersion},
         {"test_id", test},
         {"present", true},
         {"comment",
          printable(
              fmt::format("{} on {}, first after {:.1f} s",
                          counted(static_cast<std::size_t>(std::max(finding.count, 0)), "time"),
                          join(finding.nodes, ", "), finding.at),
              kLongestText)}});
  }

  void add_question(const ResultCase& one) {
    const auto build = build_of_.find(run_.compare ? run_.compare->head : "");
    if (build == build_of_.end()) return;  // head never ran, and was not built
    const std::string step = path_step(one.name);
    Json test{{"id", id_of(run_.id + ":compare:" + step, test_ids_)},
              {"origin", kOrigin},
              {"build_id", build->second},
              {"path", "gridlock.compare." + step},
              {"status", status_of(one)},
              {"start_time", rfc3339(run_.started)},
              {"duration", duration_of(run_.seconds)},
              {"environment", environment()}};
    if (!one.message.empty()) test["comment"] = one.message;
    tests_.push_back(std::move(test));
  }

  const RunRecord& run_;
  Json checkouts_ = Json::array(), builds_ = Json::array(), tests_ = Json::array(),
       issues_ = Json::array(), incidents_ = Json::array();
  std::map<std::string, std::string> build_of_;  ///< by kernel
  std::map<std::string, std::string> issue_of_;  ///< by identity
  std::set<std::string> checkout_ids_, build_ids_, test_ids_, issue_ids_, incident_ids_;
};

}  // namespace

Json kcidb_report(const RunRecord& run) { return Report(run).write(); }

}  // namespace gridlock
