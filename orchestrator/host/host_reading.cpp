// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/host_reading.h"

#include <time.h>

#include <fstream>

#include "host/memory.h"
#include "host/processes.h"

namespace gridlock {
namespace {

std::chrono::nanoseconds now_on(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

HostReading read_host(const std::filesystem::path& own) {
  HostReading reading;
  reading.ticks = processor_ticks();
  std::ifstream("/proc/loadavg") >> reading.load;
  reading.available_memory = read_memory().available;
  reading.other_machines = other_qemu_processes(own);
  // Suspended time passes on both.
  reading.clock_offset = now_on(CLOCK_REALTIME) - now_on(CLOCK_BOOTTIME);
  return reading;
}

}  // namespace gridlock
