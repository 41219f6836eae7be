// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "compare/effect.h"

namespace gridlock {

const std::vector<Look>& planned_looks() {
  static const std::vector<Look> looks{{6, 0.0005}, {12, 0.014}, {24, 0.045}};
  return looks;
}

std::optional<double> look_alpha(int pairs) {
  for (const Look& look : planned_looks())
    if (look.pairs == pairs) return look.alpha;
  return std::nullopt;
}

std::vector<bool> holm(const std::vector<double>& p_values, double alpha) {
  std::vector<double> p(p_values);
  for (double& value : p)
    if (std::isnan(value)) value = 1;
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<bool> differs(p.size(), false);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (p[order[rank]] > alpha / static_cast<double>(order.size() - rank)) break;
    differs[order[rank]] = true;
  }
  return differs;
}

}  // namespace gridlock
