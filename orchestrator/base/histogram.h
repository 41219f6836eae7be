// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace gridlock {

/// A histogram of durations in nanoseconds with buckets of constant relative width, as HdrHistogram
/// has them: 64 a power of two, so that a value is known to 1.6 %. What does not fit is counted in
/// the last bucket.
namespace histogram {

inline constexpr int kBitsInOctave = 6;
inline constexpr int kOctaves = 36;  ///< beyond the first 64 ns: up to 73 minutes
inline constexpr std::size_t kBuckets = std::size_t{kOctaves + 1} << kBitsInOctave;

/// The bucket that `nanoseconds` is counted in.
constexpr std::size_t bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < (1U << kBitsInOctave)) return static_cast<std::size_t>(nanoseconds);
  const int shift = static_cast<int>(std::bit_width(nanoseconds)) - 1 - kBitsInOctave;
  if (shift >= kOctaves) return kBuckets - 1;
  const std::uint64_t within = (nanoseconds >> shift) - (1U << kBitsInOctave);
  return (static_cast<std::size_t>(shift + 1) << kBitsInOctave) + static_cast<std::size_t>(within);
}

/// The largest value counted in `bucket`.
constexpr std::uint64_t highest_in(std::size_t bucket) {
  if (bucket < (1U << kBitsInOctave)) return bucket;
  const std::size_t shift = (bucket >> kBitsInOctave) - 1;
  const std::uint64_t within = bucket & ((1U << kBitsInOctave) - 1);
  return ((within + (1U << kBitsInOctave) + 1) << shift) - 1;
}

}  // namespace histogram

/// Counts in buckets.
class Histogram {
 public:
  void add(std::size_t bucket, std::uint64_t count);
  void add(const Histogram& other);
  std::uint64_t count() const { return count_; }
  /// The value that `share` (0 to 1) of all values are at most, in nanoseconds; 0 if there is none.
  /// For 1 it is the largest value, to the bucket's width.
  std::uint64_t value_at(double share) const;

 private:
  std::array<std::uint64_t, histogram::kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace gridlock
