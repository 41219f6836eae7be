// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>

namespace gridlock {

/// How long something ran since it began, and how long it was ready to run while the host gave its
/// processors to others.
struct ProcessorTime {
  std::chrono::nanoseconds ran{0};
  std::chrono::nanoseconds waited{0};
};

/// Of each thread, by its number.
using ThreadTimes = std::map<pid_t, ProcessorTime>;

/// Those of a process; empty: it is gone, or the host's kernel does not tell (CONFIG_SCHED_INFO).
/// Source: /proc/PID/task/TID/schedstat, Documentation/scheduler/sched-stats.rst.
ThreadTimes thread_times(pid_t process);

}  // namespace gridlock
