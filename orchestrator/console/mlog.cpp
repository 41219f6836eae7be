// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/mlog.h"

#include <algorithm>

namespace gridlock::console {

std::optional<Mlog> parse_mlog(std::string_view text) {
  constexpr std::string_view kError = " ERROR: ";
  if (!text.starts_with('(')) return std::nullopt;
  const std::size_t close = text.find("):");
  const std::size_t error = text.find(kError);
  if (close == std::string_view::npos || error == std::string_view::npos || error < close + 2)
    return std::nullopt;
  const std::string_view who = text.substr(1, close - 1);
  const std::string_view where = text.substr(close + 2, error - close - 2);
  const std::size_t colon = where.find(':');
  if (std::ranges::count(who, ',') < 2 || colon == 0 || colon == std::string_view::npos ||
      colon + 1 >= where.size() ||
      where.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)
    return std::nullopt;
  return Mlog{who.substr(0, who.rfind(',')), where.substr(0, colon),
              text.substr(error + kError.size())};
}

bool is_mlog_status(std::string_view said) {
  constexpr std::string_view kStatus = "status = -";
  return said.starts_with(kStatus) && said.size() <= kStatus.size() + 4 &&
         said.find_first_not_of("0123456789", kStatus.size()) == std::string_view::npos;
}

}  // namespace gridlock::console
