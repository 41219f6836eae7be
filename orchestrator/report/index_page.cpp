// SPDX-License-Identifier: GPL-2.0-or-later
// The page of many runs.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "report/html_frame.h"
#include "report/html_parts.h"
#include "report/page.h"
#include "report/run_index.h"
#include "report/summary.h"
#include "report/trend_chart.h"

namespace gridlock {
namespace {

using Runs = std::vector<const IndexedRun*>;

/// The last of a topology that its line on the first screen shows.
constexpr std::size_t kShownNights = 14;
/// Rows of the table beside a chart.
constexpr std::size_t kMostFigures = 60;
/// The newest; a page of more takes a browser seconds.
constexpr std::size_t kMostRuns = 2000;
constexpr std::size_t kMostTopologies = 60;

std::string time_text(UtcTime time, const char* format) {
  return fmt::format(fmt::runtime(format), fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string minute_text(UtcTime time) { return time_text(time, "{:%Y-%m-%d %H:%M}"); }

/// One topology and its runs, oldest first.
struct Lane {
  std::string topology;
  Runs runs;
};

/// That whose last run is the newest comes first.
std::vector<Lane> lanes_of(const Runs& runs) {
  std::vector<Lane> lanes;
  for (const IndexedRun* const run : runs) {
    if (run->topology.empty()) continue;
    auto lane = std::ranges::find(lanes, run->topology, &Lane::topology);
    if (lane == lanes.end()) lane = lanes.insert(lanes.end(), {run->topology, {}});
    lane->runs.push_back(run);
  }
  std::ranges::stable_sort(lanes, std::ranges::greater{},
                           [](const Lane& lane) { return lane.runs.back()->started; });
  if (lanes.size() > kMostTopologies) lanes.resize(kMostTopologies);
  return lanes;
}

/// `text` as a link to the run's own page, if it has one.
void add_run_link(HtmlWriter& html, const IndexedRun& run, std::string_view text) {
  if (run.page.empty())
    html.text(text);
  else
    html.leaf("a", {{"href", relative_link(run.page)}}, text);
}

const char* night_class(Outcome outcome) {
  if (outcome == Outcome::passed) return "tag good";
  return outcome == Outcome::failed ? "tag bad" : "tag doubt";
}

/// One run as a word in the colour of its outcome: its day.
void add_night(HtmlWriter& html, const IndexedRun& run) {
  const std::string day = time_text(run.started, "{:%m-%d}");
  const std::string title = fmt::format("{}: {}", minute_text(run.started), to_string(run.outcome));
  if (run.page.empty())
    html.leaf("span", {{"class", night_class(run.outcome)}, {"title", title}}, day);
  else
    html.leaf("a",
              {{"class", night_class(run.outcome)},
               {"href", relative_link(run.page)},
               {"title", title},
               {"aria-label", title}},
              day);
  html.text(" ");
}

void add_lane(HtmlWriter& html, const Lane& lane) {
  const IndexedRun& newest = *lane.runs.back();
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    html.leaf("a", {{"href", "#" + anchor_of("topology", lane.topology)}}, lane.topology);
  }
  add_number(html, std::to_string(lane.runs.size()));
  {
    const auto cell = html.in("td");
    add_tag(html, newest.outcome);
    html.text(" ");
    add_run_link(html, newest, minute_text(newest.started));
    html.leaf("small", newest.headline);
  }
  const auto cell = html.in("td", {{"class", "nights"}});
  const std::size_t shown = std::min(lane.runs.size(), kShownNights);
  for (std::size_t i = 0; i < shown; ++i) add_night(html, *lane.runs[lane.runs.size() - shown + i]);
}

void add_topologies(HtmlWriter& html, const std::vector<Lane>& lanes) {
  const auto section = html.in("section", {{"id", "summary"}, {"aria-label", "Topologies"}});
  if (lanes.empty()) {
    html.leaf("p", {{"class", "sentence"}}, "No run was kept yet.");
    return;
  }
  const IndexedRun& newest = *lanes.front().runs.back();
  html.leaf("p", {{"class", "sentence"}}, fmt::format("{}: {}", newest.topology, newest.headline));
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", "Topologies, that of the newest run first");
  add_columns(html, {"topology", "#runs", "newest", "the last, oldest first"});
  const auto body = html.in("tbody");
  for (const Lane& lane : lanes) add_lane(html, lane);
}

void add_figures(HtmlWriter& html, const std::vector<Trend>& trends) {
  const auto details = html.in("details");
  html.leaf("summary", "The figures, newest first");
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", "Median of the trials that passed, all nodes together");
  add_columns(html, {"workload and kernel", "run", "#rate"});
  const auto body = html.in("tbody");
  for (const Trend& trend : trends) {
    const std::size_t shown = std::min(trend.points.size(), kMostFigures);
    for (std::size_t i = 0; i < shown; ++i) {
      const Trend::Point& point = trend.points[trend.points.size() - 1 - i];
      const auto row = html.in("tr");
      html.leaf("th", {{"scope", "row"}}, trend.name);
      {
        const auto cell = html.in("td");
        add_run_link(html, *point.run, minute_text(point.run->started));
      }
      add_number(html, per_second_text(point.operations_per_second));
    }
  }
}

void add_trend(HtmlWriter& html, const Lane& lane) {
  const std::string id = anchor_of("topology", lane.topology);
  const auto section = html.in("section", {{"id", id}, {"aria-labelledby", id + "-name"}});
  html.leaf("h2", {{"id", id + "-name"}}, lane.topology);
  const std::vector<Trend> trends = trends_of(lane.runs);
  html.data(id + "-data", trend_chart(lane.runs, trends));
  add_chart(html, "trend", id + "-data",
            fmt::format("Outcomes of {} and throughput of {}, from run to run",
                        counted(lane.runs.size(), "run"), counted(trends.size(), "workload")),
            trends.empty() ? "Outcomes by date (UTC); no kernel is built to measure throughput."
                           : "Outcomes, and throughput of kernels built to measure it in % of each "
                             "line's median, by date (UTC).");
  if (!trends.empty()) add_figures(html, trends);
}

void add_run(HtmlWriter& html, const IndexedRun& run) {
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    add_run_link(html, run, run.topology.empty() ? run.id : minute_text(run.started));
    if (!run.topology.empty()) html.leaf("small", run.id);
  }
  add_cell(html, run.topology);
  {
    const auto cell = html.in("td");
    for (const std::string& kernel : run.kernels) html.leaf("small", kernel);
  }
  {
    const auto cell = html.in("td");
    add_tag(html, run.outcome);
  }
  add_cell(html, run.headline);
  add_number(html, run.topology.empty() ? "–" : duration_text(run.seconds));
}

void add_runs(HtmlWriter& html, const Runs& runs) {
  const auto section = html.in("section", {{"id", "runs"}, {"aria-labelledby", "runs-name"}});
  html.leaf("h2", {{"id", "runs-name"}}, "Runs");
  if (runs.empty()) {
    html.leaf("p", "There are none.");
    return;
  }
  const std::size_t shown = std::min(runs.size(), kMostRuns);
  {
    const auto scroll = html.in("div", {{"class", "scroll"}});
    const auto table = html.in("table");
    html.leaf("caption", "Runs, newest first; times are UTC");
    add_columns(html, {"began", "topology", "kernels", "outcome", "result", "#took"});
    const auto body = html.in("tbody");
    for (std::size_t i = 0; i < shown; ++i) add_run(html, *runs[runs.size() - 1 - i]);
  }
  if (shown < runs.size())
    html.leaf("p", {{"class", "note"}},
              fmt::format("{} older runs are not shown.", runs.size() - shown));
}

void add_parts(HtmlWriter& html, const std::vector<Lane>& lanes) {
  const auto nav = html.in("nav", {{"class", "parts"}, {"aria-label", "Parts of this page"}});
  const auto list = html.in("ul");
  const auto link = [&](const std::string& anchor, const std::string& name) {
    const auto item = html.in("li");
    html.leaf("a", {{"href", anchor}}, name);
  };
  link("#summary", "Topologies");
  for (const Lane& lane : lanes) link("#" + anchor_of("topology", lane.topology), lane.topology);
  link("#runs", "All runs");
}

}  // namespace

std::string index_page(const std::vector<IndexedRun>& runs) {
  Runs in_order;
  for (const IndexedRun& run : runs) in_order.push_back(&run);
  const std::vector<Lane> lanes = lanes_of(in_order);
  // Of the newest that could be read.
  const std::string version = lanes.empty() ? "" : lanes.front().runs.back()->version;
  HtmlWriter html;
  {
    const auto root = html.in("html", {{"lang", "en"}});
    add_page_head(html, "Gridlock: " + counted(runs.size(), "run"), version);
    const auto body = html.in("body");
    html.leaf("a", {{"class", "skip"}, {"href", "#summary"}}, "Skip to the result");
    {
      const auto top = html.in("header", {{"class", "top"}});
      html.leaf("h1", "Gridlock · runs that were kept");
      html.leaf("p", lanes.empty()
                         ? counted(runs.size(), "run")
                         : fmt::format("{}, the newest of {} UTC", counted(runs.size(), "run"),
                                       minute_text(lanes.front().runs.back()->started)));
    }
    {
      const auto main = html.in("main");
      add_topologies(html, lanes);
      add_parts(html, lanes);
      for (const Lane& lane : lanes) add_trend(html, lane);
      add_runs(html, in_order);
    }
    html.leaf("footer",
              "Written by `gridlock list --html` from the run.json of each run. Charts by Chart.js "
              "(MIT license), which is inside this page.");
    add_page_scripts(html);
  }
  return html.page() + "\n";
}

}  // namespace gridlock
