// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <time.h>

#include <cstdint>

namespace gridlock::agent {

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

/// Nanoseconds of `clock`.
inline std::int64_t clock_now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

inline std::int64_t monotonic_now() { return clock_now(CLOCK_MONOTONIC); }

}  // namespace gridlock::agent
