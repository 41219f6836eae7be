// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/share.h"

#include <charconv>

namespace gridlock {

std::optional<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  // Infinities, exponents and signs are numbers, too.
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const double share = percent ? value / 100 : value;
  if (!(share > 0 && share < 1)) return std::nullopt;
  return share;
}

}  // namespace gridlock
