// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/patch_range.h"

namespace gridlock {

bool is_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos || dots == 0 || text.starts_with("./")) return false;
  const std::string_view head = text.substr(dots + 2);
  return text[dots - 1] != '/' && !head.empty() && head.front() != '/' && head.front() != '.' &&
         head.find("..") == std::string_view::npos;
}

}  // namespace gridlock
