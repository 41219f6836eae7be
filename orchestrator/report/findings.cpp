// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "compare/findings.h"
#include "report/finding_index.h"
#include "report/observed.h"
#include "report/summary.h"
#include "report/trace_text.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestTitle = 300;
constexpr std::size_t kMostSources = 4;

using Trials = std::vector<std::vector<SeenFinding>>;

SeenFinding seen(const FindingRecord& finding) {
  SeenFinding out;
  out.identity = finding.identity;
  out.title = finding.title;
  out.complete = finding.incomplete.empty();
  out.secondary = finding.secondary;
  return out;
}

/// The findings of the trials of `kernel` that have a verdict.
Trials trials_of(const RunRecord& run, const std::string& kernel) {
  Trials trials;
  for (const TrialRecord& trial : run.trials) {
    if (trial.kernel != kernel || !has_verdict(trial)) continue;
    trials.emplace_back();
    for (const FindingRecord& finding : trial.findings)
      if (is_of_kernel(finding)) trials.back().push_back(seen(finding));
  }
  return trials;
}

/// Titles in the order they were added; equal ones once, with their number.
class Titles {
 public:
  void add(const std::string& title, bool known) {
    const std::string text = printable(title, kLongestTitle) + (known ? " (known)" : "");
    const auto it = std::find_if(titles_.begin(), titles_.end(),
                                 [&](const auto& entry) { return entry.first == text; });
    if (it == titles_.end())
      titles_.emplace_back(text, 1);
    else
      ++it->second;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& [text, count] : titles_)
      out.push_back(count == 1 ? text : fmt::format("{} (×{})", text, count));
    return out;
  }
  bool empty() const { return titles_.empty(); }

 private:
  std::vector<std::pair<std::string, int>> titles_;
};

std::set<std::string> known_identities(const RunRecord& run) {
  std::set<std::string> known;
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings)
      if (finding.known) known.insert(finding.identity);
  return known;
}

/// Whether a trial of the `other` kernel would have shown what the same trial showed `on` a kernel.
/// If not, nothing can be said of that finding there.
bool was_looked_for(const RunRecord& run, const std::string& identity, const std::string& on,
                    const std::string& other) {
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings)
      if (trial.kernel == on && finding.identity == identity)
        for (const TrialRecord& twin : run.trials)
          if (twin.kernel == other && twin.name == trial.name &&
              would_have_shown(run, twin, finding))
            return true;
  return false;
}

void add_comparison(Page& page, const RunRecord& run, const std::string& base,
                    const std::string& head) {
  const FindingComparison compared = compare_findings(trials_of(run, base), trials_of(run, head));
  const std::set<std::string> known = known_identities(run);
  std::set<std::string> told;
  Titles fixed, added, both, unclear;
  const auto sort_in = [&](const std::vector<ComparedFinding>& from, Titles& to,
                           const std::string& on, const std::string& other) {
    for (const ComparedFinding& finding : from) {
      told.insert(finding.identity);
      // The topology says that every kernel has a known finding: one sighting more is no news.
      const bool is_known = known.contains(finding.identity);
      const bool fair = !is_known && was_looked_for(run, finding.identity, on, other);
      (fair ? to : unclear).add(finding.title, is_known);
    }
  };
  sort_in(compared.fixed, fixed, base, head);
  sort_in(compared.added, added, head, base);
  for (const ComparedFinding& finding : compared.in_both) {
    told.insert(finding.identity);
    both.add(finding.title, known.contains(finding.identity));
  }
  // A trial that broke gives no verdict, but what its kernel said is not kept from the reader.
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings)
      if (!has_verdict(trial) && !finding.secondary && is_of_kernel(finding) &&
          told.insert(finding.identity).second)
        unclear.add(finding.title, finding.known);
  page.labelled_list("fixed", fixed.texts());
  page.labelled_list("new", added.texts());
  page.labelled_list("in both", both.texts());
  if (!unclear.empty()) {
    page.labelled_list("unclear", unclear.texts());
    page.labelled("",
                  "(known, and not seen on the other kernel; or there the trial gave no verdict, "
                  "ended earlier, had lockdep off, or its console dropped lines)");
  }
  if (compared.incomplete > 0)
    page.labelled("incomplete", counted(static_cast<std::size_t>(compared.incomplete), "report") +
                                    " cut short on the console, not compared");
}

/// What was found on `kernel`, without consequences of other findings.
std::vector<std::string> found_on(const RunRecord& run, const std::string& kernel) {
  Titles titles;
  std::set<std::string> told;
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings)
      if (trial.kernel == kernel && !finding.secondary && is_of_kernel(finding) &&
          told.insert(finding.identity).second)
        titles.add(finding.title, finding.known);
  return titles.texts();
}

/// Where in the source the first few findings were that judge a kernel.
void add_sources(Page& page, const RunRecord& run) {
  std::size_t told = 0;
  for (const IndexedFinding& finding : index_findings(run)) {
    if (finding.known || finding.secondary || told == kMostSources) break;
    if (const std::string source = source_text(*finding.first); !source.empty())
      page.labelled(told++ == 0 ? "source" : "", source);
  }
}

/// Fixed, new and in both of two kernels, or what each one has.
void add_titles(Page& page, const RunRecord& run) {
  const std::vector<std::string> kernels = kernels_in_order(run);
  const bool comparable = kernels.size() == 2 && !trials_of(run, kernels[0]).empty() &&
                          !trials_of(run, kernels[1]).empty();
  if (comparable) return add_comparison(page, run, kernels[0], kernels[1]);
  for (const std::string& kernel : kernels) {
    std::vector<std::string> found = found_on(run, kernel);
    if (kernels.size() > 1)
      found = {printable(kernel) + ": " + (found.empty() ? "none" : join(found, " · "))};
    page.labelled_list(kernel == kernels.front() ? "findings" : "", found);
  }
  if (kernels.size() == 2)
    page.labelled("compared", "nothing: one of the kernels has no trial with a verdict");
}

}  // namespace

void add_findings(Page& page, const RunRecord& run) {
  add_titles(page, run);
  add_sources(page, run);
}

}  // namespace gridlock
