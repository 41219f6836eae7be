// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::string_view kPrefix = "CONFIG_";
constexpr std::string_view kNotSet = " is not set";

struct Setting {
  std::string symbol, value;
};

bool is_symbol(std::string_view text) {
  return text.size() > kPrefix.size() && text.starts_with(kPrefix) &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

/// "CONFIG_X=value" or "# CONFIG_X is not set"; absent for anything else.
std::optional<Setting> parse_setting(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("# ") && line.ends_with(kNotSet)) {
    const std::string_view symbol = line.substr(2, line.size() - 2 - kNotSet.size());
    if (is_symbol(symbol)) return Setting{std::string(symbol), "n"};
    return std::nullopt;
  }
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || !is_symbol(line.substr(0, equals)) ||
      equals + 1 == line.size())
    return std::nullopt;
  return Setting{std::string(line.substr(0, equals)), std::string(line.substr(equals + 1))};
}

}  // namespace

std::string ConfigRequest::text() const {
  return value == "n" ? fmt::format("# {} is not set", symbol) : symbol + "=" + value;
}

std::vector<ConfigRequest> parse_fragment(std::string_view text,
                                          const std::filesystem::path& file) {
  std::vector<ConfigRequest> requests;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    const std::string_view bare = trimmed(line);
    if (auto setting = parse_setting(bare)) {
      requests.push_back({std::move(setting->symbol), std::move(setting->value), file, number});
    } else if (!bare.empty() && !bare.starts_with('#')) {
      throw UsageError(fmt::format("{}:{}: not a line of a kernel configuration: {}", file.string(),
                                   number, printable(bare, 100)),
                       "write CONFIG_NAME=value or # CONFIG_NAME is not set");
    }
  }
  return requests;
}

std::vector<ConfigRequest> merge_requests(
    const std::vector<std::vector<ConfigRequest>>& fragments) {
  std::vector<ConfigRequest> merged;
  for (const std::vector<ConfigRequest>& fragment : fragments) {
    for (const ConfigRequest& request : fragment) {
      std::erase_if(merged, [&](const ConfigRequest& old) { return old.symbol == request.symbol; });
      merged.push_back(request);
    }
  }
  return merged;
}

std::string merged_text(const std::vector<ConfigRequest>& requests) {
  std::string text;
  for (const ConfigRequest& request : requests) text += request.text() + "\n";
  return text;
}

std::map<std::string, std::string> parse_final_config(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const std::string& line : split(text, '\n'))
    if (auto setting = parse_setting(line)) values[setting->symbol] = setting->value;
  return values;
}

std::vector<std::string> lost_requests(const std::vector<ConfigRequest>& requests,
                                       const std::map<std::string, std::string>& final_config) {
  std::vector<std::string> lost;
  for (const ConfigRequest& request : requests) {
    const auto found = final_config.find(request.symbol);
    const std::string value = found == final_config.end() ? "n" : found->second;
    if (value == request.value) continue;
    const std::string says =
        found == final_config.end()
            ? "the final configuration does not have it: no such symbol, or what it depends on is "
              "off"
            : "the final configuration says " + ConfigRequest{request.symbol, value, {}, 0}.text();
    lost.push_back(fmt::format("{} ({} line {}): {}", request.text(), request.file.string(),
                               request.line, says));
  }
  return lost;
}

}  // namespace gridlock
