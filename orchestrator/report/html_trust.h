// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "report/html_sections.h"

namespace gridlock {

/// The box of the first screen that says why to believe it: base against itself, the host, what the
/// detectors were able to see, and what repeats the run.
void add_trust_box(HtmlWriter& html, const PageInput& input);

}  // namespace gridlock
