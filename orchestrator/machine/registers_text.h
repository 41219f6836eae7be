// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/stopped_processor.h"

namespace gridlock {

/// The processors in what QEMU prints for "info registers -a", in their order, each with the words
/// of its stack where they stand anywhere in the text ("ffff88800759bdb8: 0x… 0x…", as "x/2gx
/// ADDRESS" prints them). One that is in no 64-bit mode, or whose registers are not whole, is left
/// out. For any text.
std::vector<StoppedProcessor> processors_in(std::string_view text);

/// The commands that make QEMU print the kernel stacks of those processors, each from where the
/// stack pointer is up to the stack's end: for those in the kernel, which has 64-bit addresses in
/// the upper half. Source: THREAD_SIZE and IRQ_STACK_SIZE, arch/x86/include/asm/page_64_types.h.
std::vector<std::string> kernel_stack_commands(std::string_view text);

}  // namespace gridlock
