// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace gridlock {

/// A share of something as people write it, "5%" or "0.05": above nothing and below all of it.
/// Absent: it is not that.
std::optional<double> parse_share(std::string_view text);

}  // namespace gridlock
