// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace gridlock {

/// What may stand in braces in the words of an exec workload: "node" (number, from 1), "nodes" (how
/// many), "name", "address", "mount", "dir" (the workload's folder on the shared file system),
/// "seed", "duration" (seconds).
std::span<const std::string> placeholder_names();

/// `text` with each {name} replaced by `value_of(name)`; {{ and }} stand for the braces. Throws
/// UsageError for a brace without its other and for a name that is none, with a suggestion.
std::string fill_in(std::string_view text,
                    const std::function<std::string(std::string_view name)>& value_of);

}  // namespace gridlock
