// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/host_reading.h"

#include <time.h>

#include <array>
#include <fstream>
#include <string>

#include "host/load.h"
#include "host/processes.h"

namespace gridlock {
namespace {

std::optional<HostReading::Ticks> read_ticks() {
  std::ifstream in("/proc/stat");
  std::string name;
  // user nice system idle iowait irq softirq steal
  std::array<std::uint64_t, 8> ticks{};
  in >> name;
  for (std::uint64_t& tick : ticks) in >> tick;
  if (!in) return std::nullopt;
  HostReading::Ticks read;
  for (const std::uint64_t tick : ticks) read.all += tick;
  read.iowait = ticks[4];
  read.steal = ticks[7];
  return read;
}

std::chrono::nanoseconds now_on(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

HostReading read_host(const std::filesystem::path& own) {
  HostReading reading;
  reading.ticks = read_ticks();
  std::ifstream("/proc/loadavg") >> reading.load;
  reading.available_memory = available_memory();
  reading.other_machines = other_qemu_processes(own);
  // Suspended time passes on both.
  reading.clock_offset = now_on(CLOCK_REALTIME) - now_on(CLOCK_BOOTTIME);
  return reading;
}

}  // namespace gridlock
