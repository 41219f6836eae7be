// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/extent.h"

#include <array>

namespace gridlock::console {
namespace {

// In the order of Shape. max_lines, patience before and after the trace, needs a title, needs a
// stack, ends at: </TASK>, end trace, ruler; the stack that counts comes after.
constexpr std::array<Extent, 13> kExtents{{
    /* die          */ {1000, 40, 12, true, true, false, true, false, ""},
    /* warning      */ {400, 40, 12, true, true, false, true, false, ""},
    /* lockdep      */ {600, 60, 3, true, true, true, false, false, "stack backtrace:"},
    /* hung_task    */ {600, 8, 4, true, true, false, false, false, ""},
    /* stall        */ {600, 30, 30, true, false, false, false, false, ""},
    /* sanitizer    */ {400, 60, 60, false, true, false, false, true, ""},
    /* atomic_sleep */ {300, 40, 3, true, true, true, false, false, ""},
    /* other_bug    */ {300, 12, 3, true, false, true, true, false, ""},
    /* panic        */ {300, 20, 8, false, false, false, true, false, ""},
    /* leak         */ {100, 12, 2, false, false, false, false, false, ""},
    /* fs           */ {200, 6, 2, false, false, true, false, false, ""},
    /* line         */ {1, 0, 0, false, false, false, false, false, ""},
    /* way_up       */ {30, 0, 0, false, false, false, false, false, ""},
}};

}  // namespace

const Extent& extent_of(Shape shape) { return kExtents.at(static_cast<std::size_t>(shape)); }

}  // namespace gridlock::console
