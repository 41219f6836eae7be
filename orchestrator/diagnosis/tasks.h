// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock::diagnosis {

/// A thread as /proc shows it at one moment.
struct TaskSample {
  int process = 0;  ///< pid of its process
  std::string name;
  char state = '?';  ///< R, S, D, T, t, Z, X, I
  std::uint64_t user_ticks = 0;
  std::uint64_t kernel_ticks = 0;
  bool has_stat = false;            ///< name and state are known
  bool has_ticks = false;           ///< the ticks are
  std::string waits_in;             ///< /proc/…/wchan; "0" when it does not sleep
  std::string syscall;              ///< /proc/…/syscall: "17 0x4 …", or "running"
  std::vector<std::string> frames;  ///< of its kernel stack, innermost first, at most 64
  std::string error;                ///< why something could not be read
};

/// Reads the text that describes threads of a node: blocks of lines, each begun by `task PID TID`,
/// then any of `stat`, `wchan`, `syscall` and `error` followed by a blank and what the file of that
/// name in /proc/PID/task/TID holds, and `stack` with one line of it. Lines that are not known are
/// skipped. By TID; at most 65536 threads are kept. Source of the files: proc(5).
std::map<int, TaskSample> read_tasks(std::string_view text);

}  // namespace gridlock::diagnosis
