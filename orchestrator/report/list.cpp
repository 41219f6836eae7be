// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/columns.h"
#include "report/summary.h"
#include "report/text.h"

namespace gridlock {
namespace {

std::string_view tone_code(Outcome outcome) {
  if (outcome == Outcome::passed) return "\x1b[32m";
  return outcome == Outcome::failed ? "\x1b[1;31m" : "\x1b[33m";
}

}  // namespace

std::string text_list(const std::vector<RunRecord>& runs, Colour colour) {
  if (runs.empty()) return "no run was kept yet\n";
  std::vector<std::vector<std::string>> rows{
      {"RUN", "TOPOLOGY", "STARTED (UTC)", "OUTCOME", "OK", "FAIL", "ERROR", "DURATION"}};
  for (const RunRecord& run : runs) {
    const bool readable = !run.topology.empty();
    const std::string id = printable(run.id);
    if (!readable) {
      rows.push_back({id, "unreadable: " + first_line(run.reason)});
      continue;
    }
    rows.push_back({id, printable(run.topology),
                    fmt::format("{:%Y-%m-%d %H:%M}",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(run.started))),
                    std::string(to_string(run.outcome)),
                    std::to_string(count_of(run, Outcome::passed)),
                    std::to_string(count_of(run, Outcome::failed)),
                    std::to_string(count_of(run, Outcome::error)), duration_text(run.seconds)});
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && row.size() == widths.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  for (const auto& row : rows) widths[0] = std::max(widths[0], display_width(row[0]));
  constexpr std::size_t kOutcomeColumn = 3;
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto& row = rows[r];
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      std::string cell = last ? row[i] : padded(row[i], widths[i]) + "  ";
      if (colour == Colour::on && r > 0 && i == kOutcomeColumn)
        cell = std::string(tone_code(runs[r - 1].outcome)) + cell + "\x1b[0m";
      text += cell;
    }
    text += '\n';
  }
  return text;
}

}  // namespace gridlock
