// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/text.h"
#include "report/finding_index.h"
#include "report/html_parts.h"
#include "report/html_summary_parts.h"
#include "report/page.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostFindings = 6;
constexpr std::size_t kLongestTitle = 300;

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

void add_found_box(HtmlWriter& html, const PageInput& input) {
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

}  // namespace gridlock
