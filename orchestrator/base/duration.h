// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gridlock {

using Milliseconds = std::chrono::milliseconds;

/// Reads "200ms", "5s", "1.5s", "2m", "1h", also "1m30s". A bare number has no unit and is
/// refused, except "0". Absent if it is none of these or above one year.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// "200ms", "5s", "2.4s", "4m12s", "1h02m": for people.
std::string to_string(Milliseconds duration);

}  // namespace gridlock
