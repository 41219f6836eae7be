// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

#include <fmt/chrono.h>

namespace gridlock {

SteadyTime SystemClock::now() const { return std::chrono::steady_clock::now(); }

UtcTime SystemClock::utc() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(UtcTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

}  // namespace gridlock
