// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/trial_series.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
/// A trial lasts days at most; a time beyond is damage.
constexpr double kLongestTrial = 1e7;

struct Line {
  std::string_view text;
  double at = 0;
};

/// The number behind `{"t":`, with which the writer begins a line; absent: the line was written by
/// something else.
std::optional<double> time_at_begin(std::string_view line) {
  constexpr std::string_view kBegin = "{\"t\":";
  if (!line.starts_with(kBegin)) return std::nullopt;
  line.remove_prefix(kBegin.size());
  double value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

/// Who reports, as the writer words it: `"workload":…,"node":…,"worker":…`. Empty: not as it
/// writes.
std::string_view who(std::string_view line) {
  const std::size_t begin = line.find("\"workload\":");
  const std::size_t end = line.find(",\"since_start_ms\":");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  return line.substr(begin, end - begin);
}

bool is_time(double t) { return std::isfinite(t) && t >= 0 && t <= kLongestTrial; }

/// The lines with their times. One that does not begin as the writer begins them is parsed for it.
std::vector<Line> lines_of(std::string_view text, TrialSeries& series) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++series.lines;
    std::optional<double> at = time_at_begin(line);
    if (!at) {
      const std::optional<Json> json = parse_json(line, 4);
      if (json && json->is_object()) at = number_or(*json, "t", kNone);
    }
    if (at && is_time(*at))
      lines.push_back({line, *at});
    else
      ++series.unreadable;
  }
  return lines;
}

/// What a worker had done at a time.
struct Report {
  double at = 0;
  double operations = 0;
  double bytes = 0;
};

struct Worker {
  std::string node;
  std::vector<Report> reports;  ///< by time, counters never going back
};

/// Of every worker its first line, which says when it began, and the last in each bin. Lines that
/// do not say who reports as the writer does are all kept.
std::vector<Line> thinned(const std::vector<Line>& lines, double begin, double step,
                          std::size_t bins) {
  struct Kept {
    std::optional<std::size_t> bin;  // absent: of the first line, which stays
    std::size_t place = 0;
  };
  std::unordered_map<std::string_view, Kept> last;
  std::vector<Line> out;
  for (const Line& line : lines) {
    const std::string_view worker = who(line.text);
    if (worker.empty()) {
      out.push_back(line);
      continue;
    }
    const auto bin = std::min(bins - 1, static_cast<std::size_t>((line.at - begin) / step));
    const auto [kept, is_first] = last.try_emplace(worker);
    if (!is_first && kept->second.bin == bin) {
      out[kept->second.place] = line;
      continue;
    }
    kept->second.place = out.size();
    if (!is_first) kept->second.bin = bin;
    out.push_back(line);
  }
  return out;
}

using Workers = std::map<std::string, Worker>;  // by workload, node and worker

void add_report(Workers& workers, std::string_view text, const SeriesBounds& bounds,
                TrialSeries& series) {
  const std::optional<Json> json = parse_json(text, 8);
  const std::string node = json && json->is_object() ? text_or(*json, "node", "") : "";
  const Report report{json ? number_or(*json, "t", kNone) : kNone,
                      json ? number_or(*json, "operations", kNone) : kNone,
                      json ? number_or(*json, "bytes", 0) : 0};
  if (node.empty() || !is_time(report.at) || !(report.operations >= 0) || !(report.bytes >= 0)) {
    ++series.unreadable;
    return;
  }
  const std::string key =
      text_or(*json, "workload", "") + '\0' + node + '\0' + text_or(*json, "worker", "");
  if (workers.size() >= bounds.workers && !workers.contains(key)) return;
  Worker& worker = workers[key];
  worker.node = node;
  if (worker.reports.empty()) {
    // It began with nothing done.
    const double since = number_or(*json, "since_start_ms", 0) / 1000;
    if (since > 0 && since <= report.at) worker.reports.push_back({report.at - since, 0, 0});
  }
  if (!worker.reports.empty()) {
    const Report& before = worker.reports.back();
    if (report.at <= before.at) return;
    if (report.operations < before.operations || report.bytes < before.bytes) {
      ++series.unreadable;
      return;
    }
  }
  worker.reports.push_back(report);
}

/// Adds what a worker did in every bin that lies within its reports, or that it began or ended in.
void add_rates(const Worker& worker, NodeSeries& node, double begin, double step) {
  const std::vector<Report>& reports = worker.reports;
  if (reports.size() < 2) return;
  const auto add = [](double& sum, double more) { sum = std::isnan(sum) ? more : sum + more; };
  for (std::size_t i = 1; i < reports.size(); ++i) {
    const Report& from = reports[i - 1];
    const Report& to = reports[i];
    const double length = to.at - from.at;
    const double operations = (to.operations - from.operations) / length;
    const double bytes = (to.bytes - from.bytes) / length;
    const auto bins = node.operations_per_second.size();
    auto bin = static_cast<std::size_t>(std::max(0.0, (from.at - begin) / step));
    for (; bin < bins && begin + static_cast<double>(bin) * step < to.at; ++bin) {
      const double low = begin + static_cast<double>(bin) * step;
      const double within = std::min(to.at, low + step) - std::max(from.at, low);
      if (within <= 0) continue;
      add(node.operations_per_second[bin], operations * within / step);
      add(node.bytes_per_second[bin], bytes * within / step);
    }
  }
}

}  // namespace

TrialSeries parse_series(std::string_view text, const SeriesBounds& bounds) {
  TrialSeries series;
  const std::vector<Line> lines = lines_of(text, series);
  if (lines.empty() || bounds.bins == 0) return series;
  const auto [first, last] = std::minmax_element(
      lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
  const double thin_begin = first->at;
  const double thin_step =
      std::max(1e-3, (last->at - first->at) / static_cast<double>(bounds.bins));
  Workers workers;
  for (const Line& line : thinned(lines, thin_begin, thin_step, bounds.bins))
    add_report(workers, line.text, bounds, series);
  double begin = std::numeric_limits<double>::infinity(), end = 0;
  for (const auto& [key, worker] : workers) {
    begin = std::min(begin, worker.reports.front().at);
    end = std::max(end, worker.reports.back().at);
  }
  if (!(end > begin)) return series;
  // Reports come at intervals of their own: bins shorter than those would show their beat.
  std::vector<double> gaps;
  for (const auto& [key, worker] : workers)
    for (std::size_t i = 1; i < worker.reports.size(); ++i)
      gaps.push_back(worker.reports[i].at - worker.reports[i - 1].at);
  if (gaps.empty()) return series;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  const double length = end - begin;
  const double bins =
      std::clamp(std::floor(length / *middle), 1.0, static_cast<double>(bounds.bins));
  series.begin = begin;
  series.step = length / bins;
  std::map<std::string, NodeSeries> nodes;
  for (const auto& [key, worker] : workers) {
    if (nodes.size() >= bounds.nodes && !nodes.contains(worker.node)) continue;
    NodeSeries& node = nodes[worker.node];
    node.node = worker.node;
    node.operations_per_second.resize(static_cast<std::size_t>(bins), kNone);
    node.bytes_per_second.resize(static_cast<std::size_t>(bins), kNone);
    add_rates(worker, node, series.begin, series.step);
  }
  for (auto& [name, node] : nodes) series.nodes.push_back(std::move(node));
  return series;
}

}  // namespace gridlock
