// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// One line of a config fragment: a symbol and the value it shall have.
struct ConfigRequest {
  std::string symbol;  ///< "CONFIG_DLM"
  std::string value;   ///< as after the '=': "y", "20", "\"text\""; "n" for "is not set"
  std::filesystem::path file;
  int line = 0;  ///< from 1

  /// As a configuration spells it: "CONFIG_DLM=y", "# CONFIG_DLM is not set".
  std::string text() const;
};

/// Reads a fragment. Throws UsageError "file:line: …" for a line that is neither a comment nor a
/// setting.
std::vector<ConfigRequest> parse_fragment(std::string_view text, const std::filesystem::path& file);

/// All fragments in order; of several requests for a symbol the last one stays, in its place.
std::vector<ConfigRequest> merge_requests(const std::vector<std::vector<ConfigRequest>>& fragments);

/// What KCONFIG_ALLCONFIG is given. Equal for fragments that differ only in comments.
std::string merged_text(const std::vector<ConfigRequest>& requests);

/// Symbols and values of a final .config; a symbol that is off is "n".
std::map<std::string, std::string> parse_final_config(std::string_view text);

/// The requests the final configuration does not fulfil, one line for each: what was asked for,
/// where, and what it says instead.
std::vector<std::string> lost_requests(const std::vector<ConfigRequest>& requests,
                                       const std::map<std::string, std::string>& final_config);

}  // namespace gridlock
