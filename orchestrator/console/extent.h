// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "console/phrases.h"

namespace gridlock::console {

/// Where reports of a shape end, and what they must hold to be whole.
struct Extent {
  int max_lines;           ///< cut off after so many
  int patience_before;     ///< lines that look like nothing of a report, before the call trace …
  int patience_after;      ///< … and after it, that end the report
  bool needs_title;        ///< only what follows "Call Trace:" is a call trace
  bool needs_stack;        ///< not whole without a call trace
  bool ends_at_task_end;   ///< `</TASK>` is its last line
  bool ends_at_end_trace;  ///< `---[ end trace …` is
  bool ends_at_ruler;      ///< a line of `=` is
  std::string_view stack_after;  ///< call traces before this text are not the one that counts
};

const Extent& extent_of(Shape shape);

}  // namespace gridlock::console
