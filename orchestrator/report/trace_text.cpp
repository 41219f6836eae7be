// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/trace_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "console/frames.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostTold = 3;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestPath = 200;

std::string name_of(const TraceStep& step) {
  return console::plain_name(console::symbol_in(step.location));
}

bool says_nothing(const std::string& function) {
  return console::is_primitive(function) || console::is_plumbing(function);
}

/// Of the functions that were inlined into each other there the one that is blamed, else the one a
/// call trace names; of the innermost step of all, where the cpu was.
const SourcePlace& telling_place(const TraceStep& step, const std::string& blamed, bool innermost) {
  const auto named = std::ranges::find(step.source, blamed, &SourcePlace::function);
  if (innermost) return step.source.front();
  return named == step.source.end() ? step.source.back() : *named;
}

}  // namespace

std::string place_text(const SourcePlace& place) {
  if (place.file.empty()) return {};
  const std::string file = printable(place.file, kLongestPath);
  return place.line > 0 ? fmt::format("{}:{}", file, place.line) : file;
}

std::string trace_text(const std::vector<TraceStep>& trace) {
  std::string text;
  for (const TraceStep& step : trace) {
    text += printable(step.location, kLongestPath) + '\n';
    for (const SourcePlace& place : step.source)
      text += fmt::format("    {} ({}){}\n", printable(place.function, kLongestName),
                          place.file.empty() ? "no line" : place_text(place),
                          place.inlined ? " [inlined]" : "");
  }
  return text;
}

std::string source_text(const FindingRecord& finding) {
  const std::vector<TraceStep>& trace = finding.trace;
  const auto is_blamed = [&](const TraceStep& step) {
    return !finding.function.empty() &&
           (name_of(step) == finding.function ||
            std::ranges::find(step.source, finding.function, &SourcePlace::function) !=
                step.source.end());
  };
  auto step = std::ranges::find_if(trace, is_blamed);
  if (step == trace.end()) step = trace.begin();
  std::vector<std::string> told;
  for (; step != trace.end() && told.size() < kMostTold; ++step) {
    if (step->source.empty() || (says_nothing(name_of(*step)) && !is_blamed(*step))) continue;
    const SourcePlace& place = telling_place(*step, finding.function, step == trace.begin());
    if (place.file.empty()) continue;
    told.push_back(
        fmt::format("{} ({})", printable(place.function, kLongestName), place_text(place)));
  }
  return join(told, " < ");
}

}  // namespace gridlock
