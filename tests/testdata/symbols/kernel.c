// SPDX-License-Identifier: GPL-2.0-or-later
#include "mark.h"

ALONE void schedule_out(void) { __asm__ volatile("nop"); }

INSIDE void wait_inner(void) {
  CALL_TO("schedule_out", "inlined", "read_page"); /* line: inner */
}

INSIDE void wait_outer(void) {
  __asm__ volatile("nop");
  wait_inner(); /* line: outer */
}

ALONE void read_page(void) {
  __asm__ volatile("nop");
  wait_outer();                                   /* line: caller */
  CALL_TO("schedule_out", "plain", "read_page");  /* line: call */
  INSTRUCTION("nop", "after", "read_page");       /* line: after */
}

/* Its last instruction is a call that does not return: what follows is another function. */
ALONE void give_up(void) {
  CALL_TO("schedule_out", "give_up", "give_up"); /* line: give_up */
  __builtin_unreachable();
}

ALONE void after_give_up(void) { __asm__ volatile("nop"); }

/* Names that compilers make. */
ALONE void split(void) { INSTRUCTION("nop", "split", "split"); /* line: split */ }
void split_cold(void) __asm__("split.cold");
ALONE void split_cold(void) { INSTRUCTION("nop", "split_cold", "split.cold"); /* line: split_cold */ }
void clone(void) __asm__("clone.isra.0");
ALONE void clone(void) { INSTRUCTION("nop", "clone", "clone.isra.0"); /* line: clone */ }

/* Code without debug information, and with more addresses than are looked up. */
__asm__(
    ".text\n"
    ".type long_one, @function\n"
    "long_one: .fill 20000, 1, 0x90\n"
    ".size long_one, . - long_one\n");

ALONE void _start(void) { read_page(); }
