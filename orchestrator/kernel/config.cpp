// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "host/files.h"

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

/// "Required: CONFIG_A CONFIG_B" behind the "#".
std::vector<std::string> required_symbols(std::string_view comment) {
  constexpr std::string_view kMark = "Required: ";
  if (!comment.starts_with(kMark)) return {};
  std::vector<std::string> symbols;
  for (const std::string& word : split(comment.substr(kMark.size()), ' '))
    if (is_symbol(word)) symbols.push_back(word);
  return symbols;
}

/// Major and minor number of "6.1.90"; nothing if it is no version.
std::optional<std::pair<int, int>> major_minor(std::string_view version) {
  const std::vector<std::string> parts = split(version, '.');
  if (parts.size() < 2) return std::nullopt;
  const auto major = number<int>(parts[0], 10), minor = number<int>(parts[1], 10);
  if (!major || !minor) return std::nullopt;
  return std::pair(*major, *minor);
}

/// "Until 5.17: CONFIG_A=y" or "Since 6.8: CONFIG_A=y" behind the "#".
std::optional<ConfigRequest> request_of_versions(std::string_view comment) {
  const bool until = comment.starts_with("Until ");
  const std::size_t colon = comment.find(": ");
  if ((!until && !comment.starts_with("Since ")) || colon == std::string_view::npos)
    return std::nullopt;
  const std::size_t begin = comment.find(' ') + 1;
  const std::string_view version = comment.substr(begin, colon - begin);
  auto setting = parse_setting(comment.substr(colon + 2));
  if (!setting || !major_minor(version)) return std::nullopt;
  ConfigRequest request;
  request.symbol = std::move(setting->symbol);
  request.value = std::move(setting->value);
  (until ? request.until : request.since) = version;
  return request;
}

}  // namespace

std::string ConfigRequest::text() const {
  return value == "n" ? fmt::format("# {} is not set", symbol) : symbol + "=" + value;
}

std::vector<ConfigRequest> parse_fragment(std::string_view text,
                                          const std::filesystem::path& file) {
  std::vector<ConfigRequest> requests;
  std::set<std::string> required;
  int number = 0;
  const auto add = [&](ConfigRequest request) {
    request.file = file;
    request.line = number;
    requests.push_back(std::move(request));
  };
  for (const std::string& line : split(text, '\n')) {
    ++number;
    const std::string_view bare = trimmed(line);
    const std::string_view comment = bare.starts_with("# ") ? bare.substr(2) : std::string_view();
    for (std::string& symbol : required_symbols(comment)) required.insert(std::move(symbol));
    if (auto setting = parse_setting(bare)) {
      add({.symbol = std::move(setting->symbol), .value = std::move(setting->value)});
    } else if (auto request = request_of_versions(comment)) {
      add(std::move(*request));
    } else if (!bare.empty() && !bare.starts_with('#')) {
      throw UsageError(fmt::format("{}:{}: not a line of a kernel configuration: {}", file.string(),
                                   number, printable(bare, 100)),
                       "write CONFIG_NAME=value or # CONFIG_NAME is not set");
    }
  }
  for (ConfigRequest& request : requests) request.required = required.contains(request.symbol);
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

std::vector<ConfigRequest> requests_for(std::vector<ConfigRequest> requests,
                                        std::string_view version) {
  const auto of_kernel = major_minor(version);
  std::erase_if(requests, [&](const ConfigRequest& request) {
    if (!request.since.empty() && of_kernel && *of_kernel < major_minor(request.since)) return true;
    return !request.until.empty() && (!of_kernel || *of_kernel > major_minor(request.until));
  });
  return requests;
}

std::set<std::string> symbols_in_kconfig(std::string_view text) {
  std::set<std::string> symbols;
  while (!text.empty()) {
    std::string_view line = trimmed(take_line(text));
    if (line.starts_with("menu")) line.remove_prefix(4);
    if (!line.starts_with("config ") && !line.starts_with("config\t")) continue;
    std::string symbol = std::string(kPrefix) + std::string(trimmed(line.substr(7)));
    symbol = symbol.substr(0, symbol.find_first_of(" \t#"));
    if (is_symbol(symbol)) symbols.insert(std::move(symbol));
  }
  return symbols;
}

std::set<std::string> symbols_of_tree(const std::filesystem::path& tree) {
  namespace fs = std::filesystem;
  constexpr Bytes kLargest = Bytes::mib(4);
  std::set<std::string> symbols;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(tree))
    if (entry.path().filename().string().starts_with("Kconfig") && entry.is_regular_file())
      symbols.merge(symbols_in_kconfig(read_file(entry.path(), kLargest)));
  return symbols;
}

ConfigLosses losses_of(const std::vector<ConfigRequest>& requests,
                       const std::map<std::string, std::string>& final_config,
                       const std::function<std::set<std::string>()>& known) {
  ConfigLosses losses;
  std::optional<std::set<std::string>> symbols;
  for (const ConfigRequest& request : requests) {
    const auto found = final_config.find(request.symbol);
    const std::string value = found == final_config.end() ? "n" : found->second;
    if (value == request.value) continue;
    if (!symbols) symbols = known();
    if (found == final_config.end() && !symbols->contains(request.symbol)) {
      (request.required ? losses.required : losses.left_out).push_back(request.symbol);
      continue;
    }
    const std::string says =
        found == final_config.end()
            ? "the final configuration does not have it: what it depends on is off"
            : "the final configuration says " +
                  ConfigRequest{.symbol = request.symbol, .value = value}.text();
    losses.lost.push_back(fmt::format("{} ({} line {}): {}", request.text(), request.file.string(),
                                      request.line, says));
  }
  return losses;
}

}  // namespace gridlock
