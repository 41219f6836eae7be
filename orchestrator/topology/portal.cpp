// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/portal.h"

#include <algorithm>
#include <charconv>

namespace gridlock {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool in_host(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-';
}

bool is_ipv6(std::string_view text) {
  return std::ranges::count(text, ':') >= 2 &&
         std::ranges::all_of(text, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, in_host);
}

}  // namespace

std::optional<Portal> read_portal(std::string_view text) {
  Portal portal;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return std::nullopt;
    portal.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!is_host(text.substr(0, colon))) return std::nullopt;
    portal.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return portal;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), portal.port);
  const bool all = text[text.size() - rest.size() - 1] == ':' && error == std::errc{} &&
                   end == rest.data() + rest.size() && portal.port != 0;
  if (!all) return std::nullopt;
  return portal;
}

}  // namespace gridlock
