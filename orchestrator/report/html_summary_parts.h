// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "report/comparison.h"
#include "report/html_sections.h"
#include "report/html_writer.h"

namespace gridlock {

/// All of the summary is seen at once on a screen of 1280 by 800; the sections below it have the
/// rest. Room for rows of its table, which are as high as page.css makes them, px.
constexpr int kRoomForRows = 290;
constexpr int kRowHeight = 28;
constexpr int kHighRowHeight = 43;
constexpr std::size_t kLongestSummaryName = 40;

/// Workloads by trial: completed, effect on throughput, verdict.
void add_verdict_table(HtmlWriter& html, const Comparison& comparison);
/// Trials by name and kernel: completed, outcome, figures of the last.
void add_trial_table(HtmlWriter& html, const RunRecord& run);
/// The findings that matter most, with links to the rest.
void add_found_box(HtmlWriter& html, const PageInput& input);

}  // namespace gridlock
