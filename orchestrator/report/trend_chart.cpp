// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/trend_chart.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "report/html_parts.h"

namespace gridlock {
namespace {

/// More lines than this cannot be told apart.
constexpr std::size_t kMostTrends = 12;

double median_of(const Trend& trend) {
  std::vector<double> rates;
  for (const Trend::Point& point : trend.points) rates.push_back(point.operations_per_second);
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), middle, rates.end());
  return *middle;
}

}  // namespace

std::vector<Trend> trends_of(std::span<const IndexedRun* const> runs) {
  std::set<std::string> accels;
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<Trend::Point>> points;
  for (const IndexedRun* const run : runs)
    for (const IndexedRun::Rate& rate : run->rates) {
      accels.insert(run->accel);
      points[{rate.workload, rate.kernel, run->accel}].push_back({run, rate.operations_per_second});
    }
  std::vector<Trend> trends;
  for (auto& [of, its_points] : points) {
    const auto& [workload, kernel, accel] = of;
    trends.push_back({workload + " on " + kernel + (accels.size() > 1 ? ", " + accel : ""),
                      std::move(its_points)});
  }
  std::ranges::stable_sort(trends, std::ranges::greater{},
                           [](const Trend& trend) { return trend.points.size(); });
  if (trends.size() > kMostTrends) trends.resize(kMostTrends);
  return trends;
}

Json trend_chart(std::span<const IndexedRun* const> runs, const std::vector<Trend>& trends) {
  const auto at = [](const IndexedRun& run) { return run.started.time_since_epoch().count(); };
  Json all = Json::array(), lines = Json::array();
  for (const IndexedRun* const run : runs)
    all.push_back({{"at", at(*run)}, {"outcome", to_string(run->outcome)}, {"id", run->id}});
  for (const Trend& trend : trends) {
    const double median = median_of(trend);
    Json points = Json::array();
    for (const Trend::Point& point : trend.points)
      if (median > 0)
        points.push_back({{"at", at(*point.run)},
                          {"rate", rounded(point.operations_per_second, 0.01)},
                          {"share", rounded(100 * point.operations_per_second / median, 0.01)}});
    lines.push_back({{"name", trend.name}, {"points", std::move(points)}});
  }
  return {{"runs", std::move(all)}, {"trends", std::move(lines)}};
}

}  // namespace gridlock
