// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace gridlock {

/// Measures the host's time stamp counter between its making and the question.
///
/// An emulated guest reads the host's counter, but calibrates it against emulated timers, which on a
/// busy host run late: guests were seen to find a third of the true rate, and then to run three times
/// too fast. Telling them (kernel parameter tsc_early_khz, arch/x86/kernel/tsc.c) avoids it.
class TscMeter {
 public:
  TscMeter();
  /// " tsc_early_khz=2596000" for a kernel command line; empty where there is no such counter or
  /// less than 50 ms have passed.
  std::string command_line() const;

 private:
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t ticks_ = 0;
};

}  // namespace gridlock
