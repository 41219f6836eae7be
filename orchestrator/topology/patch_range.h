// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace gridlock {

/// Whether an item of `patches` is commits and no path, "v6.1..fix": both ends are there, and the
/// dots are no part of a path ("../fix.patch", "a/../b").
bool is_range(std::string_view text);

}  // namespace gridlock
