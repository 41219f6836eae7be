// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/columns.h"
#include "report/hunt_tally.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestTitle = 200;
constexpr std::size_t kLongestIdentity = 500;
constexpr std::size_t kMostFolders = 3;

/// "23 of 57, 40.4 % (27.6 to 54.2 %)"; "0 of 12 (below 22.1 %)"; "12 of 12 (above 77.9 %)".
std::string rate_text(const Rate& rate) {
  if (rate.trials == 0) return "0 of 0";
  const std::string counts = fmt::format("{} of {}", rate.count, rate.trials);
  if (rate.count == 0) return fmt::format("{} (below {:.1f} %)", counts, 100 * rate.high);
  if (rate.count == rate.trials) return fmt::format("{} (above {:.1f} %)", counts, 100 * rate.low);
  return fmt::format("{}, {:.1f} % ({:.1f} to {:.1f} %)", counts, 100 * rate.value(),
                     100 * rate.low, 100 * rate.high);
}

std::string names_of(const RunRecord& run, std::string TrialRecord::*member) {
  std::vector<std::string> names;
  for (const TrialRecord& trial : run.trials)
    if (std::find(names.begin(), names.end(), trial.*member) == names.end())
      names.push_back(trial.*member);
  return printable(join(names, ", "), kLongestTitle);
}

std::string asked_for(const HuntRecord& hunt) {
  std::vector<std::string> limits;
  if (hunt.until > 0) limits.push_back(fmt::format("until {} failed", hunt.until));
  if (hunt.limit_seconds > 0) limits.push_back("for " + duration_text(hunt.limit_seconds));
  return limits.empty() ? "" : " (asked for: " + join(limits, ", ") + ")";
}

}  // namespace

void add_hunt(Page& page, const RunRecord& run) {
  const HuntTally counted_up = tally(run);
  const HuntRecord& hunt = *run.hunt;
  if (run.trials.empty()) return page.labelled("hunt", "no trial came to its end");
  page.labelled("hunt",
                fmt::format("{} on {}, up to {} side by side", names_of(run, &TrialRecord::name),
                            names_of(run, &TrialRecord::kernel),
                            counted(static_cast<std::size_t>(std::max(hunt.labs, 0)), "lab")));
  const double hours = hunt.seconds / 3600;
  page.labelled("trials",
                fmt::format("{} in {}{}{}", run.trials.size(), duration_text(hunt.seconds),
                            hours > 0 ? fmt::format(", {:.0f} an hour",
                                                    static_cast<double>(run.trials.size()) / hours)
                                      : "",
                            asked_for(hunt)));
  if (counted_up.errors > 0)
    page.labelled("errors",
                  fmt::format("{} gave no verdict and are not counted below",
                              counted(static_cast<std::size_t>(counted_up.errors), "trial")),
                  Tone::doubtful);
  page.labelled("failed", rate_text(counted_up.failing),
                counted_up.failing.count > 0 ? Tone::bad : Tone::good);
  if (counted_up.first_trial > 0)
    page.labelled("first", fmt::format("after {}, trial {}", duration_text(counted_up.first_at),
                                       counted_up.first_trial));
  page.labelled("", "(bounds: exact, 95 %)");
  page.blank();
  for (const HuntedFinding& finding : counted_up.findings) {
    page.row(
        {{Page::kWidth, printable(finding.title, kLongestTitle) + (finding.known ? " (known)" : ""),
          finding.known ? Tone::plain : Tone::heading}});
    page.labelled("", fmt::format("{}; first after {}, trial {}", rate_text(finding.rate),
                                  duration_text(finding.first_at), finding.first_trial));
    const auto same_title = [&](const HuntedFinding& other) {
      return other.title == finding.title;
    };
    if (std::count_if(counted_up.findings.begin(), counted_up.findings.end(), same_title) > 1)
      page.labelled("", printable(finding.identity, kLongestIdentity));
    if (finding.known || finding.folders.empty()) continue;
    std::vector<std::string> folders = finding.folders;
    if (folders.size() > kMostFolders) folders.resize(kMostFolders);
    for (std::string& folder : folders) folder = printable(folder, kLongestTitle);
    page.labelled("", "kept: " + join(folders, ", "));
  }
  if (counted_up.findings.empty()) page.labelled("findings", "none");
  page.blank();
}

}  // namespace gridlock
