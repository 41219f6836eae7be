// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison_exit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr int kWell = 0, kFindings = 1, kBroke = 3, kInconclusive = 4, kInterrupted = 130;
/// git-bisect(1): "the source code cannot be tested".
constexpr int kSkip = 125;

constexpr std::array<std::pair<FailOn, std::string_view>, 3> kWords{
    {{FailOn::worse, "worse"},
     {FailOn::new_finding, "new-finding"},
     {FailOn::inconclusive, "inconclusive"}}};

}  // namespace

const std::set<FailOn>& fail_on_everything() {
  static const std::set<FailOn> all{FailOn::worse, FailOn::new_finding, FailOn::inconclusive};
  return all;
}

std::set<FailOn> parse_fail_on(std::string_view text) {
  std::set<FailOn> out;
  if (text == "none") return out;
  for (const std::string& word : split(text, ',')) {
    const auto known = std::find_if(kWords.begin(), kWords.end(),
                                    [&](const auto& entry) { return entry.second == word; });
    if (known == kWords.end())
      throw UsageError(fmt::format("'{}' is nothing a comparison can fail on", printable(word, 60)),
                       "a list of worse, new-finding and inconclusive, or none");
    out.insert(known->first);
  }
  return out;
}

int exit_code_of(const Comparison& comparison, const std::set<FailOn>& fail_on) {
  if (comparison.outcome == Outcome::interrupted) return kInterrupted;
  if (comparison.outcome == Outcome::error) return kBroke;
  if (comparison.new_findings && fail_on.contains(FailOn::new_finding)) return kFindings;
  if (comparison.worse_else && fail_on.contains(FailOn::worse)) return kFindings;
  if (comparison.verdict == ComparisonVerdict::inconclusive &&
      fail_on.contains(FailOn::inconclusive))
    return kInconclusive;
  return kWell;
}

int bisect_answer(const Comparison& comparison) {
  switch (exit_code_of(comparison, fail_on_everything())) {
    case kWell:
      return 0;
    case kFindings:
      return 1;
    case kInterrupted:
      return kInterrupted;
    default:
      return kSkip;
  }
}

}  // namespace gridlock
