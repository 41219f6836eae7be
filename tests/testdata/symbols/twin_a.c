// SPDX-License-Identifier: GPL-2.0-or-later
#include "mark.h"

/* Of one name in twin_a.c and twin_b.c, and of one size. */
ALONE static void same(void) { INSTRUCTION("nop", "same", "same"); /* line: same */ }

/* Of one name, but not of one size. */
ALONE static void twin(void) {
  INSTRUCTION("nop", "twin", "twin"); /* line: twin */
}

ALONE void end_of_a(void) { twin(); }
