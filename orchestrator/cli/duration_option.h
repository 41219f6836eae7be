// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/duration.h"

namespace gridlock {

/// The duration that was given as `text` behind `option` ("--for ", with what joins them);
/// `example` is a good one. Throws UsageError if it is none, or not above 0.
Milliseconds duration_option(const std::string& option, const std::string& text,
                             const std::string& example);

}  // namespace gridlock
