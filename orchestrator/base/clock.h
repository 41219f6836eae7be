// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace gridlock {

using SteadyTime = std::chrono::steady_clock::time_point;
using UtcTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Where time comes from; tests replace it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;  ///< for deadlines and intervals
  virtual UtcTime utc() const = 0;     ///< for what is written down
};

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override;
  UtcTime utc() const override;
};

/// "2026-11-22T22:30:05.123Z" (RFC 3339).
std::string rfc3339(UtcTime time);

}  // namespace gridlock
