// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/load.h"

#include <array>
#include <fstream>
#include <string>

namespace gridlock {

std::optional<ProcessorTicks> processor_ticks() {
  std::ifstream in("/proc/stat");
  std::string name;
  // user nice system idle iowait irq softirq steal
  std::array<std::uint64_t, 8> ticks{};
  in >> name;
  for (std::uint64_t& tick : ticks) in >> tick;
  if (!in) return std::nullopt;
  ProcessorTicks read{0, ticks[3], ticks[4], ticks[7]};
  for (const std::uint64_t tick : ticks) read.all += tick;
  return read;
}

std::optional<double> LoadMeter::since_last() {
  const auto ticks = processor_ticks();
  if (!ticks) return std::nullopt;
  const std::uint64_t busy = ticks->all - ticks->idle - ticks->iowait;
  const std::uint64_t passed = ticks->all - all_;
  const double share =
      passed == 0 ? 0 : static_cast<double>(busy - busy_) / static_cast<double>(passed);
  busy_ = busy;
  all_ = ticks->all;
  if (passed == 0) return std::nullopt;
  return share;
}

}  // namespace gridlock
