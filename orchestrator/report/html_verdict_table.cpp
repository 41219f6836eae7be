// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/html_effect.h"
#include "report/html_parts.h"
#include "report/html_summary_parts.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestDoubt = 70;

/// A row of the first screen's table.
struct Row {
  const TrialComparison* trial;
  const ThroughputComparison* workload;  ///< null: it has none
  bool first;                            ///< of its trial
};

std::vector<Row> rows_of(const Comparison& comparison) {
  std::vector<Row> rows;
  for (const TrialComparison& trial : comparison.trials) {
    if (trial.workloads.empty()) rows.push_back({&trial, nullptr, true});
    for (const ThroughputComparison& workload : trial.workloads)
      rows.push_back({&trial, &workload, &workload == &trial.workloads.front()});
  }
  return rows;
}

/// What needs a reader's eye comes first where not all rows have room.
int urgency(const Row& row) {
  const FailureVerdict failures = row.trial->failures.verdict;
  if (failures == FailureVerdict::broken || failures == FailureVerdict::more_often) return 0;
  if (row.workload && row.workload->not_judged.empty() &&
      row.workload->verdict == EffectVerdict::worse)
    return 1;
  if (failures == FailureVerdict::fixed || failures == FailureVerdict::rarer) return 2;
  return 3;
}

void add_completed(HtmlWriter& html, int completed, const Rate& failures) {
  add_number(html, failures.trials == 0 ? "–" : fmt::format("{}/{}", completed, failures.trials));
}

/// What is said of the verdict below it; empty: nothing.
std::string doubt_of(const Row& row) {
  return row.workload && row.workload->not_judged.empty() ? row.workload->doubt : "";
}

void add_verdicts(HtmlWriter& html, const Row& row) {
  const auto cell = html.in("td", {{"class", "verdict"}});
  const FailureVerdict failures = row.trial->failures.verdict;
  const bool nobody_failed =
      failures == FailureVerdict::same && row.trial->failures.base.count == 0;
  if (row.first && !nobody_failed) {
    add_tag(html, failure_word(row.trial->failures), failure_tag(row.trial->failures));
    html.text(" ");
  }
  if (!row.workload) return;
  if (row.workload->not_judged.empty())
    add_tag(html, to_string(row.workload->verdict), effect_tag(row.workload->verdict));
  else if (drawn_effect(*row.workload))
    html.leaf("span", {{"class", "note"}}, "not judged");
  if (const std::string doubt = doubt_of(row); !doubt.empty())
    html.leaf("small", clipped_text(doubt, kLongestDoubt));
}

/// As many rows as have room; those that need a reader's eye first if not all have.
std::vector<Row> rows_with_room(std::vector<Row> rows) {
  const auto height = [](const Row& row) {
    return doubt_of(row).empty() ? kRowHeight : kHighRowHeight;
  };
  int all = 0;
  for (const Row& row : rows) all += height(row);
  if (all <= kRoomForRows) return rows;
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return urgency(a) < urgency(b); });
  std::vector<Row> shown;
  for (int used = 0; Row row : rows) {
    used += height(row);
    if (used > kRoomForRows) break;
    row.first = shown.empty() || shown.back().trial != row.trial;
    shown.push_back(row);
  }
  return shown;
}

void add_row(HtmlWriter& html, const Row& row, double limit) {
  const auto line = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    const std::string shown = row.first ? row.trial->name : "… " + row.workload->workload;
    html.leaf("a", {{"href", "#" + anchor_of("workload", row.trial->name)}},
              printable(shown, kLongestSummaryName));
  }
  if (row.first) {
    add_completed(html, row.trial->base_completed, row.trial->failures.base);
    add_completed(html, row.trial->head_completed, row.trial->failures.head);
  } else {
    add_number(html, "");
    add_number(html, "");
  }
  const std::optional<DrawnEffect> drawn =
      row.workload ? drawn_effect(*row.workload) : std::nullopt;
  if (drawn) {
    {
      const auto cell = html.in("td", {{"class", drawn->judged ? "effect" : "effect unjudged"}});
      draw_effect(html, *drawn, limit);
    }
    const auto cell = html.in("td", {{"class", "num"}});
    html.text(effect_text(*drawn));
  } else {
    html.leaf("td", {{"class", "effect"}}, "");
    add_number(html, "–");
  }
  add_verdicts(html, row);
  add_number(html, row.workload && row.workload->effect.pairs > 0
                       ? std::to_string(row.workload->effect.pairs)
                       : "–");
  const bool has_detectable = row.workload && row.workload->effect.detectable;
  add_number(
      html, has_detectable ? fmt::format("{:.1f} %", 100 * *row.workload->effect.detectable) : "–");
}

}  // namespace

void add_verdict_table(HtmlWriter& html, const Comparison& comparison) {
  const std::size_t all = rows_of(comparison).size();
  const std::vector<Row> rows = rows_with_room(rows_of(comparison));
  std::vector<DrawnEffect> drawn;
  for (const Row& row : rows)
    if (const auto effect = row.workload ? drawn_effect(*row.workload) : std::nullopt)
      drawn.push_back(*effect);
  const double limit = effect_limit(drawn);
  {
    const auto scroll = html.in("div", {{"class", "scroll"}});
    const auto table = html.in("table", {{"class", "summary-table hidden-caption"}});
    html.leaf("caption", "Workloads: trials completed, effect on throughput, and verdict");
    {
      const auto head = html.in("thead");
      const auto row = html.in("tr");
      html.leaf("th", {{"scope", "col"}}, "workload");
      html.leaf("th", {{"scope", "col"}, {"class", "num"}},
                printable(comparison.base, 24) + " completed");
      html.leaf("th", {{"scope", "col"}, {"class", "num"}},
                printable(comparison.head, 24) + " completed");
      {
        const auto cell = html.in("th", {{"scope", "col"}, {"class", "effect"}});
        html.text("effect on throughput");
        if (!drawn.empty()) draw_effect_scale(html, limit);
      }
      html.leaf("th", {{"scope", "col"}, {"class", "num"}}, "effect [95 %]");
      html.leaf("th", {{"scope", "col"}}, "verdict");
      html.leaf("th", {{"scope", "col"}, {"class", "num"}}, "pairs");
      html.leaf("th", {{"scope", "col"}, {"class", "num"}}, "detectable");
    }
    {
      const auto body = html.in("tbody");
      for (const Row& row : rows) add_row(html, row, limit);
    }
  }
  std::set<std::string> reasons;
  for (const Row& row : rows)
    if (row.workload && !row.workload->not_judged.empty() && drawn_effect(*row.workload))
      reasons.insert(row.workload->not_judged);
  if (!reasons.empty())
    html.leaf("p", {{"class", "note"}},
              "Grey: throughput is shown and not judged (" +
                  join(std::vector<std::string>(reasons.begin(), reasons.end()), "; ") + ").");
  if (all > rows.size())
    more_link(html, "#workloads", fmt::format("{} more workloads", all - rows.size()));
}

}  // namespace gridlock
