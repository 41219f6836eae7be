// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/comparison_text.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {
namespace {

void add_header(Page& page, const RunRecord& run) {
  std::string line = printable(run.topology);
  line += "   " + counted(static_cast<std::size_t>(std::max(run.nodes, 0)), "node");
  if (!run.accel.empty()) line += "   " + printable(run.accel);
  line +=
      fmt::format("   {} in {}", counted(run.trials.size(), "trial"), duration_text(run.seconds));
  page.row({{Page::kWidth, line, Tone::heading}});
}

void add_outcome(Page& page, const RunRecord& run) {
  const std::size_t failed = count_of(run, Outcome::failed);
  const std::size_t broken = count_of(run, Outcome::error);
  switch (run.outcome) {
    case Outcome::passed:
      return page.labelled("outcome",
                           failed == 0 ? "passed: no trial failed"
                                       : "passed: every trial ended as the topology expects",
                           Tone::good);
    case Outcome::failed:
      return page.labelled("outcome", "failed: " + first_line(run.reason), Tone::bad);
    case Outcome::error:
      return page.labelled("outcome",
                           broken == 0 ? "error: no verdict"
                                       : fmt::format("error: no verdict from {} of {}", broken,
                                                     counted(run.trials.size(), "trial")),
                           Tone::doubtful);
    case Outcome::interrupted:
      return page.labelled("outcome", "interrupted: " + first_line(run.reason), Tone::doubtful);
    case Outcome::running:
      return page.labelled("outcome", "still running", Tone::doubtful);
  }
}

}  // namespace

std::string text_report(const RunRecord& run, const std::string& where, Colour colour) {
  if (run.compare) return comparison_text(compare_run(run), run.command, where, colour);
  Page page(colour);
  add_header(page, run);
  page.blank();
  if (run.hunt) {
    add_hunt(page, run);
  } else {
    add_table(page, run);
    page.blank();
    if (!run.trials.empty()) add_findings(page, run);
  }
  add_outcome(page, run);
  add_surprises(page, run);
  page.blank();
  add_trust(page, run);
  page.labelled("results", printable(where, 4000));
  return page.text();
}

}  // namespace gridlock
