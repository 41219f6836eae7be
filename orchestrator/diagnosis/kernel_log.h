// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock::diagnosis {

/// A task as sysrq-w, sysrq-t or the hung-task watchdog shows it.
/// Source: sched_show_task() in kernel/sched/core.c.
struct BlockedTask {
  std::string name;
  int pid = 0;
  char state = '?';
  std::vector<std::string> frames;  ///< of its kernel stack, innermost first, at most 64
};

/// A lock that a task holds, or waits for: lockdep notes it before it is had.
/// Source: print_lock() in kernel/locking/lockdep.c.
struct HeldLock {
  std::string address;     ///< of the instance, as printed
  std::string lock_class;  ///< "&mm->mmap_lock", with "/1" for a subclass
  std::string function;    ///< that took it or wants it
};

/// A task and its locks, in the order it asked for them.
struct LockUser {
  std::string name;
  int pid = 0;
  std::vector<HeldLock> locks;  ///< at most 64
};

/// "INFO: task C:P is blocked on a mutex likely owned by task C:P.", and the same of semaphores and
/// rw-semaphores. Source: debug_show_blocker() in kernel/hung_task.c, from Linux 6.15 on.
struct LikelyOwner {
  std::string lock;  ///< "mutex", "semaphore", "rw-semaphore"
  std::string name;
  int pid = 0;
  std::string owner_name;
  int owner = 0;  ///< pid
};

/// A recovery of the DLM or of a journal.
struct Recovery {
  int node = 0;      ///< DLM number of the node that left; 0: not known
  std::string what;  ///< "the DLM", "journal 1"
};

/// What a kernel's log says of tasks and locks last. An older answer to the same sysrq is gone when
/// a newer one begins. At most 16384 of each are kept.
struct KernelLog {
  std::vector<BlockedTask> tasks;    ///< by pid, each once
  std::vector<LockUser> lock_users;  ///< of the last "Showing all locks held in the system"
  std::vector<LikelyOwner> owners;
  std::optional<Recovery> recovery;  ///< one that began and has not ended
};

KernelLog read_kernel_log(std::string_view console);

}  // namespace gridlock::diagnosis
