// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gridlock {

/// Keys keep the order they were written in, so that what we write is stable to the byte.
using Json = nlohmann::ordered_json;

/// Parses one JSON text; absent if it is malformed or nested deeper than `depth`.
std::optional<Json> parse_json(std::string_view text, int depth = 64);

/// The member `key` of `object` as T, or `fallback` if it is missing or of another type. For
/// what a guest or an older version wrote; numbers out of T's range count as missing.
std::string text_or(const Json& object, std::string_view key, std::string_view fallback);
std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback);
double number_or(const Json& object, std::string_view key, double fallback);
bool flag_or(const Json& object, std::string_view key, bool fallback);

}  // namespace gridlock
