// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

namespace gridlock {

std::optional<Json> parse_json(std::string_view text, int depth) {
  // The parser itself recurses without a limit, so the depth is looked at first.
  int open = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') ++open;
    if (c == '}' || c == ']') --open;
    if (open > depth) return std::nullopt;
  }
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::string text_or(const Json& object, std::string_view key, std::string_view fallback) {
  if (object.is_object())
    if (const auto it = object.find(key); it != object.end() && it->is_string())
      return it->get<std::string>();
  return std::string(fallback);
}

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
  if (!object.is_object()) return fallback;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer()) return fallback;
  if (it->is_number_unsigned() &&
      it->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fallback;
  return it->get<std::int64_t>();
}

double number_or(const Json& object, std::string_view key, double fallback) {
  if (!object.is_object()) return fallback;
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : fallback;
}

bool flag_or(const Json& object, std::string_view key, bool fallback) {
  if (!object.is_object()) return fallback;
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() ? it->get<bool>() : fallback;
}

}  // namespace gridlock
