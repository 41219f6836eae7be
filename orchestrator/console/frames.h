// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock::console {

/// The first `function+0xOFFSET/0xSIZE` in `text`, without offset and size; empty if there is none.
std::string symbol_in(std::string_view text);

/// A line of a call trace, or of a lockdep dependency.
struct Frame {
  std::string function;
  bool certain = true;  ///< false: marked `?` by the unwinder
};
std::optional<Frame> parse_frame(std::string_view text);

/// A function as people and identities name it: without .cold, .isra.N and so on, and with one
/// name for the layers of a system call.
std::string plain_name(std::string_view symbol);

/// Functions that many reports end in and that say nothing of the cause: scheduler, locks, waits,
/// reporting, entry code, allocators.
bool is_primitive(std::string_view function);

/// The wait of any glock user, the same for every glock.
bool is_glock_wait(std::string_view function);

/// Layers that lie between a file system and its own page fault: fault handling, copying to users,
/// iomap, the VFS' read and write. Left out where callers are named.
bool is_plumbing(std::string_view function);

/// A call trace as printed, innermost first, without `?` frames, with plain names.
struct Stack {
  std::string rip;                  ///< the function of the kernel's RIP (pc) before the trace
  std::vector<std::string> frames;  ///< at most 64
};

/// The first call trace in `lines`. It ends at its own end mark, where user space begins, or at a
/// second trace.
Stack stack_in(std::span<const std::string> lines);

/// `rip` and frames that are no primitives, in order, each once; all of them if nothing else is
/// left; at most 8.
std::vector<std::string> telling_frames(const Stack& stack);

/// What a line is within a report.
enum class LineRole {
  blank,
  frame,
  trace_begin,
  task_begin,
  task_end,
  end_trace,
  registers,
  ruler,
  other
};
LineRole role_of(std::string_view text);
/// Whether its role is that of a ruler.
bool is_ruler(std::string_view text);

}  // namespace gridlock::console
