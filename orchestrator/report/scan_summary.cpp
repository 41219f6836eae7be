// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/scan_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "report/columns.h"
#include "report/console_findings.h"
#include "report/page.h"

namespace gridlock {
namespace {

/// The findings of one identity.
struct Group {
  std::string identity;
  std::string kind;   ///< of the first
  std::string title;  ///< of the first
  std::uint64_t count = 0;
  std::uint64_t secondary = 0;
  std::uint64_t incomplete = 0;
  std::uint64_t files = 0;
  std::uint64_t last_file = 0;  ///< number of the last file that was counted
  std::string first_file;
  std::uint64_t first_begin = 0;
  std::optional<double> first_time;
};

struct Totals {
  std::uint64_t files = 0;
  std::uint64_t with_findings = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t findings = 0;
  std::uint64_t not_listed = 0;
  std::uint64_t dropped = 0;
};

std::string plural(std::uint64_t count, std::string_view thing) {
  return counted(static_cast<std::size_t>(count), thing);
}

std::string details_of(const Group& group) {
  std::string text = fmt::format("first in {}, ", shown_name(group.first_file));
  if (group.first_time) text += fmt::format("{:.6f} s, ", *group.first_time);
  text += fmt::format("byte {}", group.first_begin);
  if (group.secondary > 0) text += "; " + plural(group.secondary, "consequence");
  if (group.incomplete > 0) text += fmt::format("; {} incomplete", group.incomplete);
  return text;
}

std::string text_of(const std::vector<Group>& groups) {
  if (groups.empty()) return {};
  constexpr std::size_t kNumbers = 5;
  constexpr std::size_t kLongest = 4096;  // of one line, in bytes
  std::size_t kinds = std::string_view("kind").size();
  for (const Group& group : groups)
    kinds = std::max(kinds, display_width(printable(group.kind, 40)));
  std::string text = "count  files  " + padded("kind", kinds) + "  finding\n";
  const std::string margin(2 * (kNumbers + 2) + kinds + 2, ' ');
  for (const Group& group : groups) {
    text += fmt::format("{:>5}  {:>5}  {}  {}\n", group.count, group.files,
                        padded(printable(group.kind, 40), kinds), printable(group.title, kLongest));
    text += margin + details_of(group) + '\n';
    text += margin + printable(group.identity, kLongest) + '\n';
  }
  return text + '\n';
}

std::string text_of(const Totals& totals, std::size_t identities) {
  std::string text = "no findings";
  if (totals.findings > 0)
    text = fmt::format("{} of {}{}", plural(totals.findings, "finding"),
                       totals.not_listed > 0 ? "more than " : "",
                       identities == 1 ? "1 identity" : fmt::format("{} identities", identities));
  text += " in ";
  if (totals.with_findings > 0) text += fmt::format("{} of ", totals.with_findings);
  text += plural(totals.files, "file");
  if (totals.unreadable > 0) text += fmt::format("; {} not read to the end", totals.unreadable);
  text += '\n';
  if (totals.not_listed > 0)
    text += fmt::format("{} of further identities are not listed: only the first {} are kept\n",
                        plural(totals.not_listed, "finding"), identities);
  if (totals.dropped > 0)
    text += fmt::format("the kernels dropped {}: reports may be missing or cut\n",
                        plural(totals.dropped, "message"));
  return text;
}

Json json_of(const Group& group) {
  return {{"count", group.count},
          {"files", group.files},
          {"kind", group.kind},
          {"title", group.title},
          {"secondary", group.secondary},
          {"incomplete", group.incomplete},
          {"first",
           {{"file", group.first_file},
            {"begin", group.first_begin},
            {"time", group.first_time ? Json(*group.first_time) : Json()}}},
          {"identity", group.identity}};
}

Json json_of(const Totals& totals, std::size_t identities) {
  return {{"total",
           {{"files", totals.files},
            {"files_with_findings", totals.with_findings},
            {"files_not_read", totals.unreadable},
            {"findings", totals.findings},
            {"identities", identities},
            {"not_listed", totals.not_listed},
            {"dropped", totals.dropped}}}};
}

class ScanSummary final : public ScanReport {
 public:
  ScanSummary(WriteText write, SummaryForm form, std::size_t max_identities)
      : write_(std::move(write)), form_(form), max_identities_(max_identities) {}

  void finding(const std::string& file, const console::Finding& finding) override {
    ++totals_.findings;
    totals_.with_findings += std::exchange(found_, true) ? 0 : 1;
    auto at = groups_.find(finding.identity);
    if (at == groups_.end()) {
      if (groups_.size() >= max_identities_) {
        ++totals_.not_listed;
        return;
      }
      at = groups_.emplace(finding.identity, first_of(file, finding)).first;
    }
    Group& group = at->second;
    ++group.count;
    group.secondary += finding.secondary ? 1 : 0;
    group.incomplete += finding.incomplete.empty() ? 0 : 1;
    group.files += std::exchange(group.last_file, number_) == number_ ? 0 : 1;
  }

  void end(const std::string&, const ConsoleTotals& totals) override {
    totals_.dropped += totals.dropped;
    next_file();
  }

  void unreadable(const std::string& file, const std::string& error) override {
    ++totals_.unreadable;
    if (form_ == SummaryForm::json) write_(json_line({{"file", file}, {"error", error}}));
    next_file();
  }

  void finish() override {
    if (found_) next_file();  // it was given up
    std::vector<Group> sorted;
    for (auto& [identity, group] : groups_) sorted.push_back(std::move(group));
    groups_.clear();
    std::sort(sorted.begin(), sorted.end(), [](const Group& a, const Group& b) {
      return a.count != b.count ? a.count > b.count : a.identity < b.identity;
    });
    if (form_ == SummaryForm::text) {
      write_(text_of(sorted) + text_of(totals_, sorted.size()));
      return;
    }
    for (const Group& group : sorted) write_(json_line(json_of(group)));
    write_(json_line(json_of(totals_, sorted.size())));
  }

 private:
  static Group first_of(const std::string& file, const console::Finding& finding) {
    Group group;
    group.identity = finding.identity;
    group.kind = finding.kind;
    group.title = finding.title;
    group.first_file = file;
    group.first_begin = finding.begin;
    group.first_time = finding.kernel_time;
    return group;
  }

  void next_file() {
    ++totals_.files;
    ++number_;
    found_ = false;
  }

  WriteText write_;
  SummaryForm form_;
  std::size_t max_identities_;
  std::unordered_map<std::string, Group> groups_;
  Totals totals_;
  std::uint64_t number_ = 1;  // of the file that is being read
  bool found_ = false;        // something in it
};

}  // namespace

std::unique_ptr<ScanReport> make_scan_summary(WriteText write, SummaryForm form,
                                              std::size_t max_identities) {
  return std::make_unique<ScanSummary>(std::move(write), form, max_identities);
}

}  // namespace gridlock
