// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace gridlock {

/// Where the first byte stands that does not belong to well-formed UTF-8 (RFC 3629), or npos.
inline std::size_t first_invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char lead = byte(at);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || text.size() - at < length) return at;
    for (std::size_t i = 1; i < length; ++i)
      if ((byte(at + i) & 0xc0) != 0x80) return at;
    const bool overlong =
        (lead == 0xe0 && byte(at + 1) < 0xa0) || (lead == 0xf0 && byte(at + 1) < 0x90);
    const bool surrogate = lead == 0xed && byte(at + 1) > 0x9f;
    const bool too_large = lead == 0xf4 && byte(at + 1) > 0x8f;
    if (overlong || surrogate || too_large) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace gridlock
