// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/histogram.h"

#include <algorithm>
#include <cmath>

namespace gridlock {

void Histogram::add(std::size_t bucket, std::uint64_t count) {
  buckets_[std::min(bucket, buckets_.size() - 1)] += count;
  count_ += count;
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

std::uint64_t Histogram::value_at(double share) const {
  if (count_ == 0) return 0;
  const double bounded = std::clamp(share, 0.0, 1.0);
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(bounded * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return histogram::highest_in(i);
  }
  return histogram::highest_in(buckets_.size() - 1);
}

}  // namespace gridlock
