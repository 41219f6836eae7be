// SPDX-License-Identifier: GPL-2.0-or-later
// gridlock-pace: does a fixed amount of work and prints how long it took, in nanoseconds. Whoever
// knows how long it takes on a machine that does nothing else knows how much slower this one is
// now.
#include <time.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>

namespace {

/// Some tens of milliseconds under emulation: longer than a host's scheduler lets one of several
/// run.
constexpr std::uint64_t kRounds = 6'000'000;

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

}  // namespace

int main() {
  const std::int64_t begin = now();
  std::uint64_t value = 88172645463325252U;  // xorshift64: each round needs the one before it
  for (std::uint64_t i = 0; i < kRounds; ++i) {
    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
  }
  const std::int64_t took = now() - begin;
  // The value is used, so that the rounds are done.
  std::printf("pace %" PRId64 " %" PRIx64 "\n", took, value);
  return 0;
}
