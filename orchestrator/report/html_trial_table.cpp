// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/html_parts.h"
#include "report/html_summary_parts.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestReason = 110;

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
              printable(group.name, kLongestSummaryName));
  }
  add_cell(html, printable(group.kernel, kLongestSummaryName));
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

}  // namespace

void add_trial_table(HtmlWriter& html, const RunRecord& run) {
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

}  // namespace gridlock
