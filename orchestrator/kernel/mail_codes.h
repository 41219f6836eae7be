// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gridlock {

/// RFC 2045, 6.7. What is no code stays as it is.
std::string decode_quoted_printable(std::string_view text);

/// RFC 2045, 6.8. Characters of no meaning are left out.
std::string decode_base64(std::string_view text);

/// A header's text with its encoded words ("=?utf-8?q?…?=", RFC 2047) as UTF-8.
std::string decode_words(std::string_view text);

/// As iconv(3) converts it; `text` itself if the character set is unknown or does not fit.
std::string to_utf8(const std::string& text, const std::string& charset);

}  // namespace gridlock
