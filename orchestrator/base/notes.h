// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <variant>

namespace gridlock {

/// What a program says of its work beside what is counted and judged: numbers or short printable
/// texts, by name.
using Notes = std::map<std::string, std::variant<double, std::string>>;

}  // namespace gridlock
