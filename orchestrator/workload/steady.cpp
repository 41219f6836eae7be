// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/steady.h"

#include <algorithm>

namespace gridlock {
namespace {

constexpr int kWarmUpParts = 10;    ///< one of them is the least warm-up
constexpr int kRampDownParts = 20;  ///< one of them is the ramp-down
constexpr Milliseconds kLeastWarmUp{1'000};
/// Of short workloads no more than this part is given to the warm-up.
constexpr int kMostWarmUpParts = 4;

SteadyMeter::Figures between(const Sample& before, const Sample& after, Milliseconds at) {
  const double whole = static_cast<double>((after.at - before.at).count());
  const double share = whole > 0 ? static_cast<double>((at - before.at).count()) / whole : 1;
  const auto part = [&](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(from) + share * static_cast<double>(to - std::min(from, to));
  };
  return {part(before.operations, after.operations), part(before.bytes, after.bytes)};
}

}  // namespace

SteadyWindow steady_window(Milliseconds duration) {
  const Milliseconds warm_up =
      std::min(std::max(duration / kWarmUpParts, kLeastWarmUp), duration / kMostWarmUpParts);
  return {warm_up, duration - duration / kRampDownParts};
}

void SteadyMeter::add(const Sample& sample) {
  if (sample.at < last_.at) return;
  if (!at_begin_ && sample.at >= window_.begin) at_begin_ = between(last_, sample, window_.begin);
  if (at_begin_ && !at_end_ && sample.at >= window_.end)
    at_end_ = between(last_, sample, window_.end);
  if (last_.at >= window_.begin && sample.at <= window_.end) {
    ++inside_;
    for (const auto& [bucket, count] : sample.latency) latency_.add(bucket, count);
  }
  last_ = {sample.at, sample.operations, sample.bytes, {}};
}

std::optional<SteadyMeter::Figures> SteadyMeter::figures() const {
  if (!at_begin_ || !at_end_ || inside_ < kLeastSamples) return std::nullopt;
  return Figures{at_end_->operations - at_begin_->operations, at_end_->bytes - at_begin_->bytes};
}

LatencyFigures figures_of(const Histogram& latency) {
  const auto us = [&](double share) { return static_cast<double>(latency.value_at(share)) / 1000; };
  return {us(0.5), us(0.9), us(0.99), us(0.999), us(1)};
}

}  // namespace gridlock
