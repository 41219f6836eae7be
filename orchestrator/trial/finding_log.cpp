// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/finding_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

const std::set<std::string> kFatalKinds{"bug",    "oops",  "gpf",  "panic", "kasan", "reboot",
                                        "silent", "stall", "gfs2", "ocfs2", "spin",  "deadlock"};

/// After these a kernel's memory cannot be trusted.
const std::set<std::string> kCorrupting{"bug", "oops", "gpf", "kasan"};

/// A guest can print without end; what is kept of it is bounded.
constexpr std::size_t kMostFindings = 500;
constexpr std::size_t kLongestExcerpt = 8 << 10;

/// Whether `written`, an identity or how several begin and then a '*', means this one.
bool means(std::string_view written, std::string_view identity) {
  if (written == identity) return true;
  return written.ends_with('*') && identity.starts_with(written.substr(0, written.size() - 1));
}

}  // namespace

FindingLog::FindingLog(const Plan& plan) : known_(plan.watch.known) {
  for (const PlannedNode& node : plan.nodes) names_.push_back(node.name);
}

const std::string& FindingLog::name_of(NodeId node) const {
  return names_.at(static_cast<std::size_t>(node.number - 1));
}

const FindingRecord* FindingLog::add(FindingRecord report, NodeId node, const Where& where) {
  const std::string& name = name_of(node);
  const auto same = std::find_if(findings_.begin(), findings_.end(), [&](const FindingRecord& old) {
    return old.identity == report.identity && old.secondary == report.secondary;
  });
  if (same != findings_.end()) {
    ++same->count;
    if (std::find(same->nodes.begin(), same->nodes.end(), name) == same->nodes.end()) {
      same->nodes.push_back(name);
      std::ranges::sort(same->nodes, {}, [this](const std::string& one) {
        return std::ranges::find(names_, one) - names_.begin();
      });
    }
    if (!same->incomplete.empty() && report.incomplete.empty()) {
      same->incomplete.clear();
      same->excerpt = std::move(report.excerpt);
      same->console = std::move(report.console);
    }
    return nullptr;
  }
  if (findings_.size() >= kMostFindings) return nullptr;
  report.id = fmt::format("f{}", findings_.size() + 1);
  report.nodes = {name};
  report.count = 1;
  report.step = where.step;
  report.at = where.at;
  report.known = std::ranges::any_of(
      known_, [&](const std::string& written) { return means(written, report.identity); });
  findings_.push_back(std::move(report));
  return &findings_.back();
}

const FindingRecord* FindingLog::decisive() const {
  // A named deadlock says more than the stalls and hung tasks it shows as.
  const auto decides = [](const FindingRecord& finding) {
    return !finding.known && !finding.secondary && is_of_kernel(finding);
  };
  for (const auto& finding : findings_)
    if (decides(finding) && finding.kind == "deadlock") return &finding;
  const auto kernel_said = [](const FindingRecord& finding) {
    return finding.kind != "stall" && finding.kind != "silent" && finding.kind != "spin";
  };
  for (const auto& finding : findings_)
    if (decides(finding) && kernel_said(finding)) return &finding;
  const auto it = std::find_if(findings_.begin(), findings_.end(), decides);
  return it == findings_.end() ? nullptr : &*it;
}

const FindingRecord* FindingLog::self_check() const {
  const auto it = std::find_if(
      findings_.begin(), findings_.end(),
      [](const FindingRecord& finding) { return !is_of_kernel(finding) && !finding.known; });
  return it == findings_.end() ? nullptr : &*it;
}

bool FindingLog::has(NodeId node, const std::set<std::string>& kinds) const {
  const std::string& name = name_of(node);
  return std::any_of(findings_.begin(), findings_.end(), [&](const FindingRecord& finding) {
    return kinds.contains(finding.kind) &&
           std::find(finding.nodes.begin(), finding.nodes.end(), name) != finding.nodes.end();
  });
}

bool FindingLog::corrupted(NodeId node) const { return has(node, kCorrupting); }

bool is_fatal(const FindingRecord& finding) {
  return !finding.known && !finding.secondary && kFatalKinds.contains(finding.kind);
}

FindingRecord record_of(const console::Finding& finding, const std::string& log,
                        std::string_view excerpt) {
  FindingRecord record;
  record.kind = finding.kind;
  record.title = printable(finding.title, 200);
  record.identity = printable(finding.identity, 1000);
  record.function = printable(finding.function, 200);
  record.secondary = finding.secondary;
  record.incomplete = printable(finding.incomplete, 200);
  if (!finding.sentence.empty()) record.excerpt = printable(finding.sentence, 600) + "\n";
  record.excerpt += printable_lines(excerpt);
  record.console = fmt::format("{}:{}-{}", log, finding.begin, finding.end);
  return record;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text.substr(0, kLongestExcerpt), '\n'))
    out += printable(trimmed(line), 300) + "\n";
  return out;
}

FindingRecord own_finding(const std::string& kind, const std::string& title,
                          const std::string& identity_detail) {
  FindingRecord record;
  record.kind = kind;
  record.title = title;
  record.identity = kind + ":" + identity_detail;
  return record;
}

}  // namespace gridlock
