// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/comparison.h"
#include "report/html_writer.h"

namespace gridlock {

/// An effect as it is drawn: ratios minus one.
struct DrawnEffect {
  double ratio = 0;
  std::optional<Interval> interval;
  double margin = 0;
  bool judged = false;
};

/// What is drawn of a workload; absent: neither kernel, or one only, has a rate. Where the kernels
/// did not run in pairs it is the ratio of their medians.
std::optional<DrawnEffect> drawn_effect(const ThroughputComparison& workload);

/// The same scale for all effects of a table: from -limit to +limit.
double effect_limit(const std::vector<DrawnEffect>& effects);

/// A picture of 244 by 20 pixels: the margin as a band, the interval as a line, the effect as a
/// dot, and an arrow where the line leaves the scale.
void draw_effect(HtmlWriter& html, const DrawnEffect& effect, double limit);
/// The scale, for the head of the column.
void draw_effect_scale(HtmlWriter& html, double limit);

/// "+1.2 %", "−0.8 %".
std::string percent_text(double ratio);
/// "−0.8 % [−2.9, +1.4]", or without an interval "−0.8 %".
std::string effect_text(const DrawnEffect& effect);

}  // namespace gridlock
