// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/event_loop.h"
#include "watch/console_tail.h"

namespace gridlock {

/// A kernel that boots to its agent within `limit` has printed something long before this: its
/// first line comes when a quarter of that time is over, however slow the host
/// (docs/performance.md).
constexpr Milliseconds first_line_limit(Milliseconds limit) { return limit / 2; }

/// What to look at where a machine has printed nothing at all.
extern const char* const kNothingPrinted;

/// Why a machine ended before its agent was up, as its console tells in one line: what the kernel
/// reported first, or what the init of an initramfs said, or the last line there is. The console
/// grows no more.
std::string why_not_booted(const ConsoleTail& console);

}  // namespace gridlock
