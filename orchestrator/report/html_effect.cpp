// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_effect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gridlock {
namespace {

constexpr double kWidth = 244;
constexpr double kHeight = 20;
constexpr double kMiddle = kHeight / 2;
constexpr double kEdge = 8;  // room for arrows
/// Effects beyond this are arrows, so that the others stay readable.
constexpr double kWidestScale = 1.0;

double place(double ratio, double limit) {
  const double share = std::clamp(ratio / limit, -1.0, 1.0);
  return kWidth / 2 + share * (kWidth / 2 - kEdge);
}

std::string px(double value) { return fmt::format("{:.1f}", value); }

void line(HtmlWriter& html, const char* name, double x1, double y1, double x2, double y2) {
  html.leaf("line",
            {{"class", name}, {"x1", px(x1)}, {"y1", px(y1)}, {"x2", px(x2)}, {"y2", px(y2)}});
}

void arrow(HtmlWriter& html, double tip, double base) {
  html.leaf("path", {{"class", "more"},
                     {"d", fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z", tip, kMiddle,
                                       base, kMiddle - 4, base, kMiddle + 4)}});
}

std::string signed_number(double value) {
  std::string text = fmt::format("{:+.1f}", value);
  if (text == "-0.0" || text == "+0.0") return "0.0";
  if (text.front() == '-') text.replace(0, 1, "−");
  return text;
}

HtmlAttributes canvas(const std::string& label) {
  return {{"viewBox", fmt::format("0 0 {:.0f} {:.0f}", kWidth, kHeight)},
          {"role", "img"},
          {"aria-label", label}};
}

}  // namespace

std::optional<DrawnEffect> drawn_effect(const ThroughputComparison& workload) {
  DrawnEffect drawn;
  drawn.margin = workload.margin;
  drawn.judged = workload.not_judged.empty();
  if (workload.effect.pairs > 0) {
    drawn.ratio = workload.effect.ratio;
    drawn.interval = workload.effect.interval;
  } else if (workload.base.rate > 0 && workload.head.rate > 0) {
    drawn.ratio = workload.head.rate / workload.base.rate - 1;
  } else {
    return std::nullopt;
  }
  if (!std::isfinite(drawn.ratio)) return std::nullopt;
  return drawn;
}

double effect_limit(const std::vector<DrawnEffect>& effects) {
  double widest = 0.02;
  for (const DrawnEffect& effect : effects) {
    widest = std::max({widest, std::abs(effect.ratio), 1.5 * effect.margin});
    if (effect.interval)
      widest = std::max({widest, std::abs(effect.interval->low), std::abs(effect.interval->high)});
  }
  // A round number of percent.
  for (const double round : {0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75})
    if (widest <= round) return round;
  return kWidestScale;
}

void draw_effect(HtmlWriter& html, const DrawnEffect& effect, double limit) {
  const auto svg = html.in(
      "svg", canvas(effect_text(effect) + fmt::format(", margin {:.0f} %", 100 * effect.margin)));
  const double low = place(-effect.margin, limit);
  const double high = place(effect.margin, limit);
  html.leaf("rect", {{"class", "band"},
                     {"x", px(low)},
                     {"y", "2"},
                     {"width", px(high - low)},
                     {"height", px(kHeight - 4)}});
  line(html, "axis", kWidth / 2, 1, kWidth / 2, kHeight - 1);
  if (effect.interval) {
    line(html, "range", place(effect.interval->low, limit), kMiddle,
         place(effect.interval->high, limit), kMiddle);
    if (effect.interval->low < -limit) arrow(html, 1, kEdge);
    if (effect.interval->high > limit) arrow(html, kWidth - 1, kWidth - kEdge);
  } else if (effect.ratio < -limit) {
    arrow(html, 1, kEdge);
  } else if (effect.ratio > limit) {
    arrow(html, kWidth - 1, kWidth - kEdge);
  }
  if (std::abs(effect.ratio) <= limit)
    html.leaf("circle", {{"class", "point"},
                         {"cx", px(place(effect.ratio, limit))},
                         {"cy", px(kMiddle)},
                         {"r", "4"}});
}

void draw_effect_scale(HtmlWriter& html, double limit) {
  const auto svg =
      html.in("svg", canvas(fmt::format("scale from −{0:.0f} % to +{0:.0f} %", 100 * limit)));
  const auto mark = [&](double x, const char* anchor, const std::string& text) {
    html.leaf("text", {{"x", px(x)}, {"y", "13"}, {"text-anchor", anchor}}, text);
  };
  mark(kEdge - 6, "start", fmt::format("−{:.0f} %", 100 * limit));
  mark(kWidth / 2, "middle", "0");
  mark(kWidth - kEdge + 6, "end", fmt::format("+{:.0f} %", 100 * limit));
}

std::string percent_text(double ratio) { return signed_number(100 * ratio) + " %"; }

std::string effect_text(const DrawnEffect& effect) {
  if (!effect.interval) return percent_text(effect.ratio);
  return fmt::format("{} [{}, {}]", percent_text(effect.ratio),
                     signed_number(100 * effect.interval->low),
                     signed_number(100 * effect.interval->high));
}

}  // namespace gridlock
