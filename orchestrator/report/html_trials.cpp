// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/node_labels.h"
#include "report/page.h"
#include "report/summary.h"
#include "report/trial_chart.h"

namespace gridlock {
namespace {

/// A hunt may have thousands; run.json has them all.
constexpr std::size_t kMostTrials = 400;
constexpr std::size_t kLongestText = 1000;

void add_charts(HtmlWriter& html, const TrialRecord& trial, const TrialMaterial& files) {
  const std::string whose =
      fmt::format("trial {}, {} on {}", trial.number, trial.name, trial.kernel);
  const Json lanes = lanes_chart(trial, files.events);
  if (!lanes["lanes"].empty() && !lanes["spans"].empty()) {
    const std::string id = fmt::format("lanes-{}", trial.number);
    html.data(id, lanes);
    add_chart(html, "lanes", id,
              "Course of " + whose +
                  ", a lane for each node; the tables of steps and findings say the same",
              "Steps and findings, a lane for each node. Times are of the host.");
  }
  const Json rates = throughput_chart(trial, files.series);
  if (!rates["nodes"].empty()) {
    const std::string id = fmt::format("throughput-{}", trial.number);
    html.data(id, rates);
    add_chart(html, "throughput", id,
              "Throughput of " + whose + " over time; the table of workloads has its totals",
              fmt::format("Throughput, the nodes on top of each other; means of {:.2g} s.",
                          files.series.step));
  }
}

void add_steps(HtmlWriter& html, const TrialRecord& trial) {
  if (trial.steps.empty()) return;
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", fmt::format("Steps of trial {}, in seconds since it began", trial.number));
  add_columns(html, {"step", "#begin", "#end", "problem"});
  const auto body = html.in("tbody");
  for (const StepRecord& step : trial.steps) {
    const auto row = html.in("tr");
    html.leaf("th", {{"scope", "row"}}, step.name);
    add_number(html, seconds_text(step.begin));
    add_number(html, step.end > 0 ? seconds_text(step.end) : "not reached");
    add_cell(html, printable(step.problem, kLongestText));
  }
}

void add_counters(HtmlWriter& html, const WorkloadCounters& counters) {
  add_number(html, std::to_string(counters.operations));
  add_number(html, fmt::format("{:.1f}", static_cast<double>(counters.bytes) / 1e6));
  add_number(html, counters.steady ? per_second_text(counters.steady->operations_per_second) : "");
  add_number(html, counters.steady && counters.steady->bytes_per_second > 0
                       ? megabytes_text(counters.steady->bytes_per_second)
                       : "");
  const std::optional<LatencyRecord>& latency =
      counters.steady && counters.steady->latency ? counters.steady->latency : counters.latency;
  add_number(html, latency ? latency_text(latency->p50_us) : "");
  add_number(html, latency ? latency_text(latency->p99_us) : "");
  add_number(html,
             fmt::format("{}", counters.short_transfers + counters.errors + counters.bad_blocks));
}

void add_workloads(HtmlWriter& html, const TrialRecord& trial) {
  if (trial.workloads.empty()) return;
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption",
            fmt::format("Workloads of trial {}; rates and latencies are of the steady window",
                        trial.number));
  add_columns(html, {"workload", "node", "#operations", "#MB", "#rate", "#throughput", "#p50",
                     "#p99", "#short, failed, bad", "how it ended"});
  const auto body = html.in("tbody");
  for (const WorkloadRecord& workload : trial.workloads) {
    {
      const auto row = html.in("tr");
      {
        const auto name = html.in("th", {{"scope", "row"}});
        html.text(workload.name).leaf("small", workload.program + " " + workload.operation);
      }
      add_cell(html, "all");
      add_counters(html, workload.total);
      const auto cell = html.in("td");
      add_tag(html, workload.outcome);
      html.leaf("small", printable(workload.detail, kLongestText));
      if (!workload.not_steady.empty())
        html.leaf("small", "no steady window: " + printable(workload.not_steady, kLongestText));
    }
    for (const auto& [node, counters] : workload.nodes) {
      const auto row = html.in("tr");
      add_cell(html, "");
      add_cell(html, node);
      add_counters(html, counters);
      add_cell(html, "");
    }
  }
}

void add_findings_of(HtmlWriter& html, const TrialRecord& trial) {
  if (trial.findings.empty()) return;
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", fmt::format("Findings of trial {}", trial.number));
  add_columns(html, {"finding", "kind", "#seconds", "step", "nodes", "#reports", "remark"});
  const auto body = html.in("tbody");
  for (const FindingRecord& finding : trial.findings) {
    const auto row = html.in("tr");
    {
      const auto head = html.in("th", {{"scope", "row"}});
      html.leaf("a", {{"href", "#" + finding_anchor(finding.identity)}},
                printable(finding.title, kLongestText));
    }
    add_cell(html, finding.kind);
    add_number(html, seconds_text(finding.at));
    add_cell(html, finding.step);
    add_cell(html, node_labels(finding, trial));
    add_number(html, std::to_string(finding.count));
    std::vector<std::string> remarks;
    if (finding.known) remarks.push_back("known");
    if (finding.secondary) remarks.push_back("a consequence of another");
    if (!finding.incomplete.empty()) remarks.push_back("not whole: " + finding.incomplete);
    add_cell(html, join(remarks, "; "));
  }
}

void add_health(HtmlWriter& html, const HealthRecord& health) {
  std::vector<std::string> parts{fmt::format("load {:.2f}", health.load)};
  if (health.steal) parts.push_back(fmt::format("steal {:.1f} %", 100 * *health.steal));
  if (health.iowait) parts.push_back(fmt::format("iowait {:.1f} %", 100 * *health.iowait));
  parts.push_back(to_string(Bytes{health.memory_available_bytes}) + " free");
  if (health.other_machines > 0)
    parts.push_back(fmt::format(
        "{} of others ran", counted(static_cast<std::size_t>(health.other_machines), "machine")));
  if (health.clock_jump_seconds != 0)
    parts.push_back(fmt::format("clock jumped {:.3f} s", health.clock_jump_seconds));
  for (const std::string& problem : health.problems) parts.push_back(problem);
  add_fact(html, "host", join(parts, ", "));
}

void add_files(HtmlWriter& html, const TrialRecord& trial) {
  if (trial.directory.empty()) return add_fact(html, "files", "not kept");
  html.leaf("dt", "files");
  const auto cell = html.in("dd");
  html.leaf("a", {{"href", relative_link(trial.directory + "/")}}, trial.directory + "/");
}

void add_body(HtmlWriter& html, const TrialRecord& trial, const TrialMaterial& files) {
  {
    const auto list = html.in("dl", {{"class", "facts wide"}});
    if (!trial.reason.empty())
      add_fact(html, "reason", printable(split(trial.reason, '\n').front(), kLongestText));
    add_fact(html, "began", rfc3339(trial.started));
    if (!trial.start.empty()) add_fact(html, "nodes from", trial.start);
    if (trial.lab_of > 0) {
      html.leaf("dt", "lab");
      const auto cell = html.in("dd");
      html.text("went on in that of ");
      add_trial_link(html, trial.lab_of);
    }
    for (const FaultRecord& fault : trial.faults) add_fact(html, "on purpose", fault_text(fault));
    if (trial.seed != 0) add_fact(html, "seed", std::to_string(trial.seed));
    if (trial.health) add_health(html, *trial.health);
    add_files(html, trial);
  }
  add_charts(html, trial, files);
  add_findings_of(html, trial);
  add_workloads(html, trial);
  add_steps(html, trial);
}

}  // namespace

void add_trials(HtmlWriter& html, const PageInput& input) {
  const auto section = html.in("section", {{"id", "trials"}, {"aria-labelledby", "trials-name"}});
  html.leaf("h2", {{"id", "trials-name"}}, "Trials");
  if (input.run.trials.empty()) {
    html.leaf("p", "None was run.");
    return;
  }
  html.leaf("p", {{"class", "note without-script"}},
            "The charts need the script inside this file; the tables say the same.");
  html.leaf("div", {{"class", "toolbar"}, {"data-opens", "trial"}});
  // The first that failed is what a reader looks for.
  const auto failed = std::find_if(input.run.trials.begin(), input.run.trials.end(),
                                   [](const auto& t) { return t.outcome == Outcome::failed; });
  const TrialRecord* const opened =
      failed != input.run.trials.end() ? &*failed : &input.run.trials.front();
  static const TrialMaterial kNothing;
  std::size_t shown = 0;
  for (const TrialRecord& trial : input.run.trials) {
    if (++shown > kMostTrials) break;
    HtmlAttributes attributes{{"class", "trial"}, {"id", trial_anchor(trial.number)}};
    if (&trial == opened) attributes.push_back({"open", ""});
    const auto details = html.in("details", attributes);
    {
      const auto summary = html.in("summary");
      html.leaf("span", {{"class", "soft"}}, fmt::format("{}", trial.number));
      html.leaf("strong", trial.name).leaf("span", trial.kernel);
      add_tag(html, trial.outcome);
      html.leaf("span", {{"class", "grow soft"}},
                trial.outcome == Outcome::passed ? "" : what_went_wrong(trial, input.run));
      html.leaf("span", {{"class", "soft"}}, duration_text(trial.seconds));
    }
    const auto files = input.material.trials.find(trial.number);
    add_body(html, trial, files == input.material.trials.end() ? kNothing : files->second);
  }
  if (input.run.trials.size() > kMostTrials)
    html.leaf("p", {{"class", "note"}},
              fmt::format("{} further trials are in run.json only.",
                          input.run.trials.size() - kMostTrials));
}

}  // namespace gridlock
