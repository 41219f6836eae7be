// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/ktap.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/cases.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestText = 400;

/// A '#' in a description would begin a directive.
std::string description_of(const std::string& text) {
  std::string out = printable(text, kLongestName);
  std::replace(out.begin(), out.end(), '#', '_');
  return out;
}

bool is_failure(const ResultCase& one) {
  return one.result == CaseResult::failed || one.result == CaseResult::broken;
}

/// " # SKIP why", or empty.
std::string directive_of(const ResultCase& one) {
  const auto directive = [&](std::string_view word) {
    return fmt::format(" # {} {}", word, description_of(one.message));
  };
  switch (one.result) {
    case CaseResult::skipped:
      return directive("SKIP");
    case CaseResult::known_failure:
      return directive("XFAIL");
    case CaseResult::broken:
      return directive("ERROR");
    case CaseResult::failed:
      return one.timed_out ? directive("TIMEOUT") : "";
    case CaseResult::passed:
      break;
  }
  return {};
}

void add_diagnostics(std::string& out, const ResultCase& one) {
  const auto say = [&](const std::string& text) {
    out += "  # " + printable(text, kLongestText) + "\n";
  };
  if (one.result == CaseResult::failed && !one.timed_out) say(one.message);
  if (!one.trial) {
    if (one.result == CaseResult::passed && !one.message.empty()) say(one.message);
    return;
  }
  for (const FindingRecord& finding : one.trial->findings)
    say(fmt::format("finding {} {} x{} on {}{}", finding.kind, finding.identity, finding.count,
                    join(finding.nodes, ","),
                    finding.known       ? " (known)"
                    : finding.secondary ? " (a consequence)"
                                        : ""));
}

}  // namespace

std::string ktap_results(const RunRecord& run) {
  const std::vector<CaseGroup> groups = cases_of(run);
  std::string out = fmt::format("KTAP version 1\n1..{}\n", groups.size());
  if (groups.empty()) out += "# no trial was run\n";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const CaseGroup& group = groups[i];
    out += fmt::format("  KTAP version 1\n  # Subtest: {}\n  1..{}\n", description_of(group.name),
                       group.cases.size());
    for (std::size_t k = 0; k < group.cases.size(); ++k) {
      const ResultCase& one = group.cases[k];
      add_diagnostics(out, one);
      out += fmt::format("  {} {} {}{}\n", is_failure(one) ? "not ok" : "ok", k + 1,
                         description_of(one.name), directive_of(one));
    }
    const bool fails = std::any_of(group.cases.begin(), group.cases.end(), is_failure);
    out += fmt::format("{} {} {}\n", fails ? "not ok" : "ok", i + 1, description_of(group.name));
  }
  return out;
}

}  // namespace gridlock
