// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "report/html_page.h"
#include "report/junit.h"
#include "report/kcidb.h"
#include "report/ktap.h"
#include "report/lava.h"

namespace gridlock {
namespace {

using Path = std::filesystem::path;

constexpr std::array kFormats{
    ReportFormat{"text", "report.txt",
                 [](const RunRecord& run, const Path& directory, Colour colour) {
                   return text_report(run, directory.string(), colour);
                 }},
    ReportFormat{"junit", "junit.xml",
                 [](const RunRecord& run, const Path&, Colour) { return junit_xml(run); }},
    ReportFormat{"ktap", "results.ktap",
                 [](const RunRecord& run, const Path&, Colour) { return ktap_results(run); }},
    ReportFormat{
        "kcidb", "kcidb.json",
        [](const RunRecord& run, const Path&, Colour) { return kcidb_report(run).dump(1) + "\n"; }},
    ReportFormat{"html", "report.html",
                 [](const RunRecord& run, const Path& directory, Colour) {
                   return html_report(run, directory);
                 }},
    ReportFormat{"lava", "",
                 [](const RunRecord& run, const Path&, Colour) { return lava_signals(run); }},
};

}  // namespace

std::span<const ReportFormat> report_formats() { return kFormats; }

const ReportFormat& report_format(std::string_view name) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [&](const ReportFormat& format) { return format.name == name; });
  if (found != kFormats.end()) return *found;
  std::vector<std::string> names;
  for (const ReportFormat& format : kFormats) names.emplace_back(format.name);
  const std::string nearest = nearest_name(name, names);
  throw UsageError(fmt::format("there is no report format '{}'", printable(name, 60)),
                   (nearest.empty() ? "" : "did you mean '" + nearest + "'? ") +
                       std::string("it is one of ") + join(names, ", "));
}

}  // namespace gridlock
