// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/finding_index.h"
#include "report/html_effect.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/html_trust.h"
#include "report/hunt_tally.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {
namespace {

/// So that all of it is seen at once on a screen of 1280 by 800; the sections below have the rest.
/// Rows of a table are as high as page.css makes them, px.
constexpr int kRoomForRows = 290;
constexpr int kRowHeight = 28;
constexpr int kHighRowHeight = 43;
constexpr std::size_t kMostFindings = 6;
constexpr std::size_t kLongestTitle = 300;
constexpr std::size_t kLongestReason = 110;
constexpr std::size_t kLongestName = 40;
constexpr std::size_t kLongestDoubt = 70;
constexpr std::size_t kLongestSentence = 300;

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

void add_phrase(HtmlWriter& html, const Phrase& phrase, std::size_t room) {
  const std::string text = clipped_text(phrase.text, room);
  switch (phrase.tone) {
    case Tone::good:
      html.leaf("strong", {{"class", "said-good"}}, text);
      break;
    case Tone::bad:
      html.leaf("strong", {{"class", "said-bad"}}, text);
      break;
    case Tone::doubtful:
      html.leaf("strong", {{"class", "said-doubt"}}, text);
      break;
    case Tone::heading:
      html.leaf("strong", text);
      break;
    case Tone::plain:
      html.text(text);
      break;
  }
}

void add_sentence(HtmlWriter& html, const PageInput& input) {
  const auto sentence = html.in("p", {{"class", "sentence"}});
  if (!input.comparison) {
    html.text(clipped_text(plain_sentence(input.run), kLongestSentence));
    return;
  }
  const Comparison& comparison = *input.comparison;
  html.text(comparison.base == comparison.head
                ? printable(comparison.base, kLongestName) + " against itself: "
                : printable(comparison.head, kLongestName) + " against " +
                      printable(comparison.base, kLongestName) + ": ");
  std::size_t room = kLongestSentence;
  for (const Phrase& phrase : comparison.phrases) {
    if (&phrase != &comparison.phrases.front()) html.text("; ");
    if (room < phrase.text.size() && room < kLongestSentence) {
      html.leaf("a", {{"href", "#workloads"}}, "and more below");
      break;
    }
    add_phrase(html, phrase, room);
    room -= std::min(room, phrase.text.size());
  }
  html.text(".");
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
              printable(shown, kLongestName));
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

void add_compared_table(HtmlWriter& html, const Comparison& comparison) {
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

/// One trial's name on one kernel.
struct Group {
  std::string name;
  std::string kernel;
  std::vector<const TrialRecord*> trials;
};

std::vector<Group> groups_of(const RunRecord& run) {
  std::vector<Group> groups;
  for (const TrialRecord& trial : run.trials) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.name == trial.name && g.kernel == trial.kernel;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {trial.name, trial.kernel, {}});
    group->trials.push_back(&trial);
  }
  return groups;
}

void add_group(HtmlWriter& html, const Group& group, const RunRecord& run) {
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    html.leaf("a", {{"href", "#" + trial_anchor(group.trials.front()->number)}},
              printable(group.name, kLongestName));
  }
  add_cell(html, printable(group.kernel, kLongestName));
  const auto passed =
      std::count_if(group.trials.begin(), group.trials.end(),
                    [](const TrialRecord* t) { return t->outcome == Outcome::passed; });
  const auto judged = std::count_if(group.trials.begin(), group.trials.end(),
                                    [](const TrialRecord* t) { return has_verdict(*t); });
  add_number(html, fmt::format("{}/{}", passed, judged));
  {
    const auto cell = html.in("td");
    // What ended worst says how it is.
    const TrialRecord* worst = group.trials.front();
    for (const TrialRecord* const trial : group.trials)
      if (worst->outcome == Outcome::passed && trial->outcome != Outcome::passed) worst = trial;
    add_tag(html, worst->outcome);
    if (worst->outcome != Outcome::passed)
      html.leaf("small", clipped_text(what_went_wrong(*worst, run), kLongestReason));
  }
  const TrialRecord& last = *group.trials.back();
  const SteadyRecord* steady = nullptr;
  for (const WorkloadRecord& workload : last.workloads)
    if (!steady && workload.total.steady) steady = &*workload.total.steady;
  add_number(html, steady ? per_second_text(steady->operations_per_second) : "–");
  add_number(html, steady && steady->bytes_per_second > 0 ? megabytes_text(steady->bytes_per_second)
                                                          : "–");
  add_number(html, steady && steady->latency ? latency_text(steady->latency->p99_us) : "–");
}

void add_plain_table(HtmlWriter& html, const RunRecord& run) {
  const std::vector<Group> groups = groups_of(run);
  const std::size_t shown =
      std::min<std::size_t>(groups.size(), static_cast<std::size_t>(kRoomForRows / kHighRowHeight));
  {
    const auto scroll = html.in("div", {{"class", "scroll"}});
    const auto table = html.in("table", {{"class", "summary-table hidden-caption"}});
    html.leaf("caption", "Trials by name and kernel");
    add_columns(html, {"trial", "kernel", "#completed", "outcome", "#rate", "#throughput", "#p99"});
    const auto body = html.in("tbody");
    for (std::size_t i = 0; i < shown; ++i) add_group(html, groups[i], run);
  }
  if (groups.size() > shown)
    more_link(html, "#trials", fmt::format("{} more", groups.size() - shown));
}

/// Cut by the page where it is too long for its line; whole where a pointer rests on it.
void add_finding_link(HtmlWriter& html, const std::string& identity, const std::string& title) {
  html.leaf("a",
            {{"href", "#" + finding_anchor(identity)}, {"title", printable(title, kLongestTitle)}},
            printable(title, kLongestTitle));
}

void add_judged(HtmlWriter& html, const Comparison& comparison) {
  std::size_t shown = 0;
  {
    const auto list = html.in("ul");
    for (const JudgedFinding& finding : comparison.findings) {
      if (shown == kMostFindings) break;
      ++shown;
      const auto item = html.in("li");
      add_tag(html, finding_word(finding), finding_tag(finding));
      html.leaf("small", fmt::format(" {}/{} → {}/{} ", finding.base.seen, finding.base.observed,
                                     finding.head.seen, finding.head.observed));
      add_finding_link(html, finding.identity, finding.title);
    }
    if (shown == 0) html.leaf("li", {{"class", "soft"}}, "none on either kernel");
  }
  if (comparison.findings.size() > shown)
    more_link(html, "#findings", fmt::format("{} more", comparison.findings.size() - shown));
}

void add_unjudged(HtmlWriter& html, const RunRecord& run) {
  const std::vector<IndexedFinding> findings = index_findings(run);
  std::size_t shown = 0;
  {
    const auto list = html.in("ul");
    for (const IndexedFinding& finding : findings) {
      if (shown == kMostFindings) break;
      ++shown;
      std::size_t trials = 0;
      for (const auto& [kernel, seen] : finding.kernels) trials += seen.trials.size();
      const auto item = html.in("li");
      add_tag(html,
              finding.known       ? "known"
              : finding.secondary ? "consequence"
                                  : "found",
              finding.known || finding.secondary ? Tag::plain : Tag::bad);
      html.leaf("small", " " + counted(trials, "trial") + " ");
      add_finding_link(html, finding.first->identity, finding.first->title);
    }
    if (shown == 0) html.leaf("li", {{"class", "soft"}}, "none");
  }
  if (findings.size() > shown)
    more_link(html, "#findings", fmt::format("{} more", findings.size() - shown));
}

}  // namespace

void add_summary(HtmlWriter& html, const PageInput& input) {
  const auto section = html.in("section", {{"id", "summary"}, {"aria-label", "Summary"}});
  add_sentence(html, input);
  if (input.comparison)
    add_compared_table(html, *input.comparison);
  else
    add_plain_table(html, input.run);
  const auto columns = html.in("div", {{"class", "columns"}});
  {
    const auto box = html.in("section", {{"class", "box"}, {"aria-labelledby", "found-name"}});
    html.leaf("h2", {{"id", "found-name"}},
              input.comparison
                  ? fmt::format("Findings, {} → {} (trials)", printable(input.comparison->base, 24),
                                printable(input.comparison->head, 24))
                  : "Findings");
    if (input.comparison)
      add_judged(html, *input.comparison);
    else
      add_unjudged(html, input.run);
  }
  add_trust_box(html, input);
}

}  // namespace gridlock
