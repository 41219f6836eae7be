// SPDX-License-Identifier: GPL-2.0-or-later
#include "mark.h"

#define IN(section_name) __attribute__((section(section_name)))

/* Each the first of its section: all at 0 in a relocatable file. */
ALONE void lab_read(void) { INSTRUCTION("nop", "lab_read", "lab_read"); /* line: lab_read */ }
IN(".text.unlikely") ALONE void lab_panic(void) {
  INSTRUCTION("nop", "lab_panic", "lab_panic"); /* line: lab_panic */
}

INSIDE void lab_register(void) {
  INSTRUCTION("nop", "lab_init", "lab_init"); /* line: lab_register */
}
IN(".init.text") ALONE void lab_init(void) {
  lab_register(); /* line: lab_init */
}
