// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/finding.h"

namespace gridlock::console {

/// The first `function+0xOFFSET/0xSIZE` in `text`, without offset and size; empty if there is none.
std::string symbol_in(std::string_view text);

/// A line of a call trace, or of a lockdep dependency, as any architecture prints it.
struct Frame {
  CodeLocation location;
  bool certain = true;   ///< false: marked `?` by the unwinder
  bool inlined = false;  ///< a symboliser's line: it has a source line and no address
};
std::optional<Frame> parse_frame(std::string_view text);

/// As a kernel prints it: "gfs2_fault+0x1a/0x30 [gfs2]".
std::string to_string(const CodeLocation& location);

/// Where the kernel was, on a line "RIP: 0010:F+0x…" or "pc : F+0x…"; absent for user space.
std::optional<CodeLocation> parse_pc(std::string_view text);

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

/// Functions that hand work to whatever is registered with them: softirqs, workqueues, system calls,
/// the VFS' and the network's entry points. What they call is a subsystem's own door.
bool is_dispatcher(std::string_view function);

/// Entry code of interrupts: below it stands what was interrupted.
bool is_interrupt_entry(std::string_view function);

/// Where a trace ends because the kernel was entered there.
bool is_bottom(std::string_view function);

/// What the interrupt calls that reports a stalled cpu.
bool is_stall_reporter(std::string_view function);

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
