// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/processor_time.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace gridlock {

namespace fs = std::filesystem;

ThreadTimes thread_times(pid_t process) {
  ThreadTimes times;
  std::error_code error;
  const fs::path tasks = fmt::format("/proc/{}/task", process);
  for (fs::directory_iterator at(tasks, error), end; !error && at != end; at.increment(error)) {
    const auto thread = number<pid_t>(at->path().filename().string(), 10);
    std::ifstream file(at->path() / "schedstat");
    std::int64_t ran = 0;
    std::int64_t waited = 0;
    // A thread that ended while we looked says nothing.
    if (thread && file >> ran >> waited && ran >= 0 && waited >= 0)
      times[*thread] = {std::chrono::nanoseconds{ran}, std::chrono::nanoseconds{waited}};
  }
  return times;
}

}  // namespace gridlock
