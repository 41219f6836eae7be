// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/comparison_chart.h"
#include "report/html_effect.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/page.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostPairs = 400;
constexpr int kFewestForCurves = 4;

std::string needed_text(const std::optional<int>& pairs) {
  return pairs ? std::to_string(*pairs) : "more than can be run";
}

void add_side(HtmlWriter& html, const std::string& kernel, const SideFigures& side) {
  const auto row = html.in("tr");
  html.leaf("th", {{"scope", "row"}}, kernel);
  add_number(html, std::to_string(side.points.size()));
  add_number(html, side.rate > 0 ? per_second_text(side.rate) : "–");
  add_number(html, side.bytes_rate > 0 ? megabytes_text(side.bytes_rate) : "–");
  for (const double LatencyRecord::*const percentile :
       {&LatencyRecord::p50_us, &LatencyRecord::p90_us, &LatencyRecord::p99_us,
        &LatencyRecord::p999_us, &LatencyRecord::max_us})
    add_number(html, side.latency ? latency_text(*side.latency.*percentile) : "–");
  add_number(html, side.fairness ? fmt::format("{:.2f}", side.fairness->min_to_max) : "–");
  add_number(html, side.fairness ? fmt::format("{:.3f}", side.fairness->jain) : "–");
}

void add_figures(HtmlWriter& html, const Comparison& comparison,
                 const ThroughputComparison& workload) {
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", workload.workload +
                           ": medians over trials that completed; latency and fairness are shown "
                           "without a verdict");
  add_columns(html, {"kernel", "#trials", "#rate", "#throughput", "#p50", "#p90", "#p99", "#p99.9",
                     "#max", "#slowest / fastest node", "#Jain"});
  const auto body = html.in("tbody");
  add_side(html, comparison.base, workload.base);
  add_side(html, comparison.head, workload.head);
}

void add_effect(HtmlWriter& html, const ThroughputComparison& workload) {
  const auto list = html.in("dl", {{"class", "facts"}});
  html.leaf("dt", "throughput");
  {
    const auto cell = html.in("dd");
    if (workload.not_judged.empty())
      add_tag(html, to_string(workload.verdict), effect_tag(workload.verdict));
    else
      add_tag(html, "not judged: " + workload.not_judged, Tag::plain);
    if (const auto drawn = drawn_effect(workload)) html.text(" " + effect_text(*drawn));
    if (!workload.doubt.empty()) html.text("; " + workload.doubt);
  }
  const Effect& effect = workload.effect;
  add_fact(html, "margin", fmt::format("{:.1f} %", 100 * workload.margin));
  if (effect.pairs == 0) return;
  add_fact(
      html, "pairs",
      fmt::format("{}{}; standard deviation of the log ratios {:.1f} %; p = {:.3g}", effect.pairs,
                  workload.pairs_without > 0
                      ? fmt::format(" ({} more give no rate on both)", workload.pairs_without)
                      : "",
                  100 * effect.deviation, workload.p));
  if (workload.look.pairs > 0)
    add_fact(html, "decided",
             fmt::format("after {} pairs, at level {}", workload.look.pairs, workload.look.alpha));
  if (effect.hodges_lehmann) {
    std::string text = percent_text(*effect.hodges_lehmann);
    if (effect.hodges_lehmann_interval)
      text += fmt::format(" [{}, {}]", percent_text(effect.hodges_lehmann_interval->low),
                          percent_text(effect.hodges_lehmann_interval->high));
    add_fact(
        html, "Hodges-Lehmann",
        text + (effect.driven_by_outliers ? ": does not agree, single pairs make the difference"
                                          : ""));
  }
  if (effect.detectable)
    add_fact(html, "detectable",
             fmt::format("{:.1f} % with so many pairs", 100 * *effect.detectable));
  add_fact(
      html, "pairs needed",
      fmt::format("{} to show a difference as large as the margin, {} to show that there is none",
                  needed_text(workload.needed.to_differ), needed_text(workload.needed.to_equal)));
}

void add_pairs(HtmlWriter& html, const Comparison& comparison, const TrialComparison& trial,
               const ThroughputComparison& workload) {
  if (workload.points.empty()) return;
  const std::string id = anchor_of("pairs", trial.name + " " + workload.workload);
  html.data(id, pairs_chart(comparison, workload));
  add_chart(
      html, "pairs", id,
      fmt::format("Rates of {} on both kernels, pair by pair; the table below has the numbers",
                  workload.workload),
      "Each pair of trials ran back to back; the line joins its two rates.");
  const auto details = html.in("details");
  html.leaf("summary", "Pairs as a table");
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", "Pairs of " + workload.workload + " in the order they ran");
  add_columns(html, {"#pair", "order", "#" + comparison.base, "#" + comparison.head, "#head / base",
                     "trials"});
  const auto body = html.in("tbody");
  for (std::size_t i = 0; i < workload.points.size() && i < kMostPairs; ++i) {
    const PairPoint& point = workload.points[i];
    const auto row = html.in("tr");
    add_number(html, std::to_string(point.pair));
    add_cell(html, (point.head_first ? comparison.head : comparison.base) + " first");
    add_number(html, per_second_text(point.base_rate));
    add_number(html, per_second_text(point.head_rate));
    add_number(html, percent_text(point.base_rate > 0 ? point.head_rate / point.base_rate - 1 : 0));
    const auto cell = html.in("td");
    add_trial_link(html, point.base_trial);
    html.text(" · ");
    add_trial_link(html, point.head_trial);
  }
}

void add_failures(HtmlWriter& html, const Comparison& comparison, const TrialComparison& trial) {
  {
    const auto list = html.in("dl", {{"class", "facts"}});
    html.leaf("dt", "failures");
    {
      const auto cell = html.in("dd");
      add_tag(html, failure_word(trial.failures), failure_tag(trial.failures));
      html.text(fmt::format(" {} {} → {} {}, p = {:.3g}", comparison.base,
                            rate_text(trial.failures.base), comparison.head,
                            rate_text(trial.failures.head), trial.failures.p));
    }
    if (trial.failures.base.count + trial.failures.head.count > 0)
      add_fact(html, "times", fmt::format("log-rank p = {:.3g}", trial.log_rank_p));
    if (trial.no_verdict > 0)
      add_fact(html, "no verdict",
               counted(static_cast<std::size_t>(trial.no_verdict), "trial") + " broke on our side");
    if (trial.not_well > 0)
      add_fact(
          html, "not counted",
          counted(static_cast<std::size_t>(trial.not_well), "trial") + ": the host was not well");
  }
  // Curves of single trials say no more than the table of findings.
  if (trial.failures.base.count + trial.failures.head.count == 0 ||
      trial.failures.base.trials + trial.failures.head.trials < kFewestForCurves)
    return;
  const std::string id = anchor_of("times", trial.name);
  html.data(id, survival_chart(comparison, trial));
  add_chart(html, "survival", id,
            fmt::format("Share of trials of {} still well over time on both kernels; {} of {} "
                        "failed on {}, {} of {} on {}",
                        trial.name, trial.failures.base.count, trial.failures.base.trials,
                        comparison.base, trial.failures.head.count, trial.failures.head.trials,
                        comparison.head),
            "Time to the first failure (Kaplan-Meier): the share of trials that was still well.");
}

}  // namespace

void add_comparison_charts(HtmlWriter& html, const PageInput& input) {
  if (!input.comparison) return;
  const Comparison& comparison = *input.comparison;
  const auto section =
      html.in("section", {{"id", "workloads"}, {"aria-labelledby", "workloads-name"}});
  html.leaf("h2", {{"id", "workloads-name"}}, "Workloads");
  if (!comparison.reasons.empty()) {
    const auto list = html.in("ul", {{"class", "plain-list"}});
    for (const std::string& reason : comparison.reasons) html.leaf("li", reason);
    for (const std::string& question : comparison.open) html.leaf("li", "open: " + question);
  }
  for (const TrialComparison& trial : comparison.trials) {
    const std::string id = anchor_of("workload", trial.name);
    const auto article = html.in("article", {{"id", id}, {"aria-labelledby", id + "-name"}});
    html.leaf("h3", {{"id", id + "-name"}}, trial.name);
    add_failures(html, comparison, trial);
    for (const ThroughputComparison& workload : trial.workloads) {
      html.leaf("h4", workload.workload + ": " + workload.program + " " + workload.operation);
      add_effect(html, workload);
      add_figures(html, comparison, workload);
      add_pairs(html, comparison, trial, workload);
    }
  }
}

}  // namespace gridlock
