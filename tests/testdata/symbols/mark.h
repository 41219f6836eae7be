// SPDX-License-Identifier: GPL-2.0-or-later
/* For the sources of the small files that play a kernel and its modules in symbols_test.cpp. */

#define ALONE __attribute__((noinline, used))
#define INSIDE static inline __attribute__((always_inline))

/* An instruction, and an absolute symbol whose value is the offset behind it, from the start of the
 * function SYMBOL it ends up in. A comment `line: NAME` says which line the instruction is of. */
#define INSTRUCTION(code, name, symbol) \
  __asm__ volatile(code "\n1:\n.set offset_" name ", 1b - " symbol)
#define CALL_TO(callee, name, symbol) INSTRUCTION("call " callee, name, symbol)
