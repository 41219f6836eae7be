// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/dlm_dump.h"

#include <optional>
#include <string>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxRows = 65536;
constexpr unsigned kMasterCopy = 0x10000;  // DLM_IFL_MSTCPY: the row belongs to the node it names

/// The DLM's numbers; concurrent read and protected write are never used by GFS2.
std::optional<GlockMode> mode_of_dlm(int mode) {
  switch (mode) {
    case -1:
    case 0:
      return GlockMode::UN;
    case 2:
      return GlockMode::DF;
    case 3:
      return GlockMode::SH;
    case 5:
      return GlockMode::EX;
    default:
      return std::nullopt;
  }
}

/// `"       2            4269"`: type and number, both hexadecimal in fixed columns.
std::optional<GlockName> name_of_resource(std::string_view quoted) {
  constexpr std::size_t kLength = 24;
  if (quoted.size() != kLength) return std::nullopt;
  const auto type = number<unsigned>(trimmed(quoted.substr(0, 8)), 16);
  const auto inode = number<std::uint64_t>(trimmed(quoted.substr(8)), 16);
  if (!type || !inode) return std::nullopt;
  return GlockName{*type, *inode};
}

}  // namespace

std::vector<DlmGrant> parse_dlm_locks(std::string_view text, NodeId node) {
  std::vector<DlmGrant> grants;
  while (!text.empty() && grants.size() < kMaxRows) {
    const std::string_view line = take_line(text);
    const std::size_t quote = line.find('"');
    const std::size_t close = line.rfind('"');
    if (quote == std::string_view::npos || close <= quote) continue;
    const auto name = name_of_resource(line.substr(quote + 1, close - quote - 1));
    // id nodeid remid pid xid exflags flags sts grmode rqmode time r_nodeid r_len "name"
    std::vector<std::string> columns = split(line.substr(0, quote), ' ');
    std::erase(columns, std::string());
    if (!name || columns.size() != 13) continue;
    const auto owner = number<int>(columns[1], 10);
    const auto flags = number<unsigned>(columns[6], 16);
    const auto granted = number<int>(columns[8], 10);
    if (!owner || !flags || !granted) continue;
    const auto mode = mode_of_dlm(*granted);
    if (!mode) continue;
    grants.push_back({*name, (*flags & kMasterCopy) != 0 ? NodeId{*owner} : node, *mode});
  }
  return grants;
}

}  // namespace gridlock
