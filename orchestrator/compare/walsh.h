// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gridlock {

/// The averages (x_i + x_j) / 2, i <= j, of n values in order of their size, without ever holding
/// all n (n + 1) / 2 of them: a rank costs about 64 n steps, the memory is that of the values.
/// Source: J. L. Hodges, E. L. Lehmann, Annals of Mathematical Statistics 34 (1963).
class WalshAverages {
 public:
  /// `values` are finite, and so are their sums; at least one.
  explicit WalshAverages(std::vector<double> values);

  std::int64_t count() const;
  /// The average of that rank, from 1 (the least) to count().
  double ranked(std::int64_t rank) const;
  /// The middle one, or half way between the two in the middle.
  double median() const;

 private:
  std::int64_t sums_up_to(double sum) const;

  std::vector<double> sorted_;
};

/// Which averages bound the median of what n values come from, if that is symmetric: the one of
/// this rank from below and the one of this rank from above, wrong in at most `error` of all cases
/// (both sides together). 0: n is too small for any. Exact up to 100 values; beyond, the normal
/// approximation with correction for continuity gives the exact rank or the next one outside.
/// Source: J. W. Tukey's interval from the test of F. Wilcoxon, Biometrics Bulletin 1 (1945).
std::int64_t signed_rank_bound(std::size_t values, double error);

}  // namespace gridlock
