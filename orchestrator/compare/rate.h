// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace gridlock {

/// How often something happened in trials, and between which rates the truth lies.
struct Rate {
  int count = 0;
  int trials = 0;
  double low = 0;   ///< exact 95 % bounds, from 0 to 1
  double high = 1;
  double value() const { return trials == 0 ? 0 : static_cast<double>(count) / trials; }
};

/// The exact (Clopper-Pearson) two-sided 95 % interval of a binomial rate. Where nothing happened,
/// or every time, the one bound that is left is one-sided 95 %: 0 of 12 is "below 22.1 %".
/// Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934).
Rate exact_rate(int count, int trials);

/// Fisher's exact test of two rates, two-sided: how likely tables at least as unlikely as this one
/// are if both are the same. 1 where a side has no trials.
/// Source: R. A. Fisher, Journal of the Royal Statistical Society 85 (1922).
double fisher_exact(int count_a, int trials_a, int count_b, int trials_b);

}  // namespace gridlock
