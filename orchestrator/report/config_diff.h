// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// An option of a kernel that two configs do not have alike.
struct ConfigDifference {
  std::string option;  ///< without CONFIG_
  std::string base;    ///< "y", "m", "n" (also where it is not mentioned), or its value
  std::string head;
};

/// By option. `# CONFIG_X is not set` and a config without X are the same.
std::vector<ConfigDifference> config_difference(std::string_view base, std::string_view head);

}  // namespace gridlock
