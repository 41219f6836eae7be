// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/config_diff.h"

#include <map>
#include <set>

#include "base/text.h"

namespace gridlock {
namespace {

using Options = std::map<std::string, std::string>;

Options options_of(std::string_view config) {
  constexpr std::string_view kPrefix = "CONFIG_";
  Options options;
  while (!config.empty()) {
    const std::string_view line = trimmed(take_line(config));
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    options[std::string(line.substr(kPrefix.size(), equals - kPrefix.size()))] =
        line.substr(equals + 1);
  }
  return options;
}

std::string value_of(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? "n" : found->second;
}

}  // namespace

std::vector<ConfigDifference> config_difference(std::string_view base, std::string_view head) {
  const Options of_base = options_of(base);
  const Options of_head = options_of(head);
  std::set<std::string> names;
  for (const auto& [name, value] : of_base) names.insert(name);
  for (const auto& [name, value] : of_head) names.insert(name);
  std::vector<ConfigDifference> differences;
  for (const std::string& name : names) {
    std::string a = value_of(of_base, name);
    std::string b = value_of(of_head, name);
    if (a != b) differences.push_back({name, std::move(a), std::move(b)});
  }
  return differences;
}

}  // namespace gridlock
