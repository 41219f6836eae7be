// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/tsc.h"

#include <fmt/format.h>

namespace gridlock {
namespace {

std::uint64_t read_counter() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return 0;
#endif
}

}  // namespace

TscMeter::TscMeter() : begin_(std::chrono::steady_clock::now()), ticks_(read_counter()) {}

std::string TscMeter::command_line() const {
  const std::chrono::duration<double, std::milli> gone = std::chrono::steady_clock::now() - begin_;
  const std::uint64_t ticks = read_counter() - ticks_;
  if (gone < std::chrono::milliseconds(50) || ticks == 0) return {};
  return fmt::format(" tsc_early_khz={:.0f}", static_cast<double>(ticks) / gone.count());
}

}  // namespace gridlock
