// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace gridlock {

/// Between two values the truth lies; both are ratios of head to base minus one, so -0.03 is 3 %
/// less.
struct Interval {
  double low = 0;
  double high = 0;
};

/// What pairs of measurements say of head against base. Effects are of the mean of ln(head / base),
/// taken back to ratios minus one. Method: paired Student intervals of log ratios, which cover in
/// small samples where percentile bootstraps do not.
struct Effect {
  int pairs = 0;
  double ratio = 0;                  ///< e^mean - 1: 0.02 is 2 % more on head
  double deviation = 0;              ///< standard deviation of the log ratios
  std::optional<Interval> interval;  ///< 95 %; from four pairs on
  /// Median of (d_i + d_j) / 2, i <= j, and its signed-rank interval; from six pairs on.
  std::optional<double> hodges_lehmann;
  std::optional<Interval> hodges_lehmann_interval;
  /// The two estimates lie further apart than 0.7 standard errors of the mean: single pairs make
  /// the difference, or hide it. With normal noise 1 to 2 % of comparisons are called so.
  bool driven_by_outliers = false;
  /// The smallest effect that so many pairs would show with 80 % power at 5 %, as a ratio minus
  /// one; absent below three pairs.
  std::optional<double> detectable;
};

/// `log_ratios` has ln(head / base) of every pair, in the order they ran. A log ratio that is not a
/// number, infinite (a side without throughput) or beyond 100 either way makes the whole
/// unanswerable: `pairs` is their number and nothing else is said. So what is said is always
/// finite.
Effect effect_of(const std::vector<double>& log_ratios);

/// Which way is better.
enum class Better { more, less };

enum class EffectVerdict { better, worse, no_difference, inconclusive };
/// "better", "worse", "no difference", "inconclusive".
std::string_view to_string(EffectVerdict verdict);

/// How a verdict is reached.
struct EffectQuestion {
  double margin = 0.05;  ///< as a ratio, at least 0: effects within it do not matter
  Better better = Better::more;
  double alpha = 0.05;  ///< above 0, below 0.5: two-sided level of a difference, one-sided of none
};

/// Better or worse if the Student interval at 1 - alpha excludes 0 and the effect is at least half
/// the margin; else no difference if two one-sided tests, each at alpha, hold it within the margin
/// (with 5 %: the 90 % interval lies in it); else inconclusive, as with fewer than four pairs or
/// where effect_of() says nothing. The margin reaches from -ln(1 + margin) to ln(1 + margin).
/// Pairs that agree to the last digit are a measured deviation of 0, and judged so.
/// Both answers are held to alpha so that early looks do not add up: with the one-sided tests at
/// 5 % in every look, an effect as large as the margin is called none in up to 10 % of comparisons.
EffectVerdict judge_effect(const std::vector<double>& log_ratios, const EffectQuestion& question);

/// The p-value of the paired t test that there is no effect; 1 below two pairs and where
/// effect_of() says nothing; 0 where all pairs show the same effect to the last digit.
double paired_p(const std::vector<double>& log_ratios);

/// How many pairs with such a deviation of log ratios answer: `to_differ` shows an effect as large
/// as the margin, `to_equal` shows that there is none beyond it if there is none, with 80 % power
/// each, in a single look at 5 %. At least four; absent above `most`, and for a deviation or a
/// margin that is none.
struct PairsNeeded {
  std::optional<int> to_differ;
  std::optional<int> to_equal;
};
PairsNeeded pairs_needed(double deviation, double margin, int most = 10'000);

/// Levels of the looks a comparison may take before its end: after 6, 12 and 24 pairs; in all,
/// a difference that is none is seen in 5.3 % of comparisons.
struct Look {
  int pairs = 0;
  double alpha = 0;
};
const std::vector<Look>& planned_looks();
/// The level after `pairs` pairs of a comparison that looks early: that of the planned look;
/// between looks and before the first, none.
std::optional<double> look_alpha(int pairs);

/// Holm's procedure over the p-values of the primary questions: which may be called different, so
/// that one false call in all has probability `alpha` at most. In their order; what is not a number
/// is not called different. Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).
std::vector<bool> holm(const std::vector<double>& p_values, double alpha);

/// How evenly nodes had their share: min / max, and Jain's index (sum x)^2 / (n sum x^2).
/// Absent without values, where all are 0, and where one is negative or not finite.
struct Fairness {
  double min_to_max = 1;
  double jain = 1;
};
std::optional<Fairness> fairness_of(const std::vector<double>& per_node);

}  // namespace gridlock
