// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "diagnosis/look.h"

namespace gridlock::diagnosis {

/// A thread of a node, by the pid the kernel prints.
struct TaskId {
  std::string node;
  int pid = 0;
  auto operator<=>(const TaskId&) const = default;
};

/// What a stack says a task is at; the first that fits.
enum class Doing {
  unknown,   ///< no stack was read, or it tells nothing
  recovery,  ///< of the DLM or a journal
  lock,      ///< waits for a glock, a cluster lock, a mutex, an rwsem
  fsync,
  log_flush,  ///< writes out its journal
  writeback,
  block_io,  ///< waits for a disk
  page_fault,
  other,
};

std::string_view doing_name(Doing doing);  ///< "log flush"

/// Where one task is, from both looks.
struct TaskState {
  enum class Where {
    unknown,
    running,   ///< on a processor or ready in the second look, or it used one in between
    sleeping,  ///< asleep in the second look, and used no processor in between
    stopped,   ///< by SIGSTOP or a debugger
  };
  std::string name;  ///< the task's, as the kernel has it; printable
  Where where = Where::unknown;
  Doing doing = Doing::unknown;
  std::string function = {};       ///< that it sleeps or runs in; empty: not known, or user space
  bool seen_twice = false;         ///< the ticks below are known
  std::uint64_t user_ticks = 0;    ///< between the looks, in clock ticks (usually 10 ms)
  std::uint64_t kernel_ticks = 0;  ///< the same, in the kernel

  /// "sleeps in gfs2_fault", "runs in user space", "is stopped (SIGSTOP)".
  std::string text() const;
};

/// What a stack, innermost function first, says its task is at.
Doing doing_of(std::span<const std::string> frames);

/// All tasks that the looks show, from `tasks` and, where that lacks one, from sysrq's blocked
/// tasks.
std::map<TaskId, TaskState> task_states(const Look& first, const Look& second);

}  // namespace gridlock::diagnosis
