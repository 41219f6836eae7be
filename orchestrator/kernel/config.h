// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// One line of a config fragment: a symbol and the value it shall have.
struct ConfigRequest {
  std::string symbol;  ///< "CONFIG_DLM"
  std::string value;   ///< as after the '=': "y", "20", "\"text\""; "n" for "is not set"
  std::filesystem::path file = {};
  int line = 0;            ///< from 1
  bool required = false;   ///< a lab cannot run without it
  std::string until = {};  ///< "5.17": newer kernels do not need it; empty: all do
  std::string since = {};  ///< "6.8": older kernels do not know it; empty: all do

  /// As a configuration spells it: "CONFIG_DLM=y", "# CONFIG_DLM is not set".
  std::string text() const;
};

/// Reads a fragment. Two kinds of comments count: "# Required: CONFIG_A CONFIG_B" names symbols of
/// this fragment that a kernel must know, where others that it does not know are left out; and
/// "# Until 5.17: CONFIG_A=y" is a request for kernels up to that version, "# Since 6.8:
/// CONFIG_A=y" for those from that version on. Throws UsageError "file:line: …" for a line that is
/// neither a comment nor a setting.
std::vector<ConfigRequest> parse_fragment(std::string_view text, const std::filesystem::path& file);

/// All fragments in order; of several requests for a symbol the last one stays, in its place.
std::vector<ConfigRequest> merge_requests(const std::vector<std::vector<ConfigRequest>>& fragments);

/// What KCONFIG_ALLCONFIG is given. Equal for fragments that differ only in comments.
std::string merged_text(const std::vector<ConfigRequest>& requests);

/// Symbols and values of a final .config; a symbol that is off is "n".
std::map<std::string, std::string> parse_final_config(std::string_view text);

/// Those that a kernel of this version ("6.1.90", or empty: the newest) is asked for.
std::vector<ConfigRequest> requests_for(std::vector<ConfigRequest> requests,
                                        std::string_view version);

/// The symbols that a kernel knows, with "CONFIG_", from the text of one of its Kconfig files.
/// Source: Documentation/kbuild/kconfig-language.rst.
std::set<std::string> symbols_in_kconfig(std::string_view text);

/// Those of a whole tree, from all its Kconfig files.
std::set<std::string> symbols_of_tree(const std::filesystem::path& tree);

/// What came of the requests that a final configuration does not fulfil.
struct ConfigLosses {
  std::vector<std::string> left_out;  ///< symbols this kernel does not know and can do without
  std::vector<std::string> required;  ///< symbols it does not know and cannot do without
  /// One line for each other one: what was asked for, where, and what the configuration says.
  std::vector<std::string> lost;
};

/// `known` is asked for the symbols of the tree if any request is not fulfilled.
ConfigLosses losses_of(const std::vector<ConfigRequest>& requests,
                       const std::map<std::string, std::string>& final_config,
                       const std::function<std::set<std::string>()>& known);

}  // namespace gridlock
