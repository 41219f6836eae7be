// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/duration_option.h"

#include "base/error.h"

namespace gridlock {

Milliseconds duration_option(const std::string& option, const std::string& text,
                             const std::string& example) {
  const auto duration = parse_duration(text);
  if (!duration || duration->count() <= 0)
    throw UsageError(option + text + " is no duration", "write for instance " + option + example);
  return *duration;
}

}  // namespace gridlock
