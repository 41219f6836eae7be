// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/ocfs2_state.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr int kMostNodes = 255;  // O2NM_MAX_NODES
/// OCFS2_OSB_SOFT_RO, OCFS2_OSB_HARD_RO and OCFS2_OSB_ERROR_FS.
constexpr std::uint64_t kFailed = 0x7;

/// What follows `name` on the first whole line that has it, behind its blanks.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const bool whole = text.find('\n') != std::string_view::npos;
    const std::string_view line = take_line(text);
    const std::size_t at = line.find(name);
    if (whole && at != std::string_view::npos) return trimmed(line.substr(at + name.size()));
  }
  return std::nullopt;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

/// The line of recoveries: "Recovery => Pid: -1  Nodes: None", or their numbers.
std::optional<bool> replays(std::string_view text) {
  const auto recovery = value_of(text, "Recovery => ");
  if (!recovery) return std::nullopt;
  const std::size_t nodes = recovery->find("Nodes:");
  if (nodes == std::string_view::npos) return std::nullopt;
  return trimmed(recovery->substr(nodes + 6)) != "None";
}

}  // namespace

std::optional<O2dlmState> parse_o2dlm_state(std::string_view text) {
  // "Exit Domain Map:" is another line, and comes later.
  const auto map = value_of(text, "Domain Map:");
  const auto recovery = value_of(text, "Recovery Pid:");
  if (!map || !recovery) return std::nullopt;
  O2dlmState state;
  for (const std::string& word : split(*map, ' ')) {
    const auto node = number<int>(word, 10);
    if (node && *node >= 0 && *node < kMostNodes && state.members.size() < kMostNodes)
      state.members.push_back(*node);
  }
  std::ranges::sort(state.members);
  state.recovering = recovery->ends_with("State: ACTIVE");
  return state;
}

std::optional<Ocfs2State> parse_ocfs2_state(std::string_view text) {
  const auto volume = value_of(text, "Volume => ");
  const auto recovering = replays(text);
  if (!volume || !recovering) return std::nullopt;
  constexpr std::string_view kFlags = "Flags: 0x";
  const std::size_t flags = volume->find(kFlags);
  if (flags == std::string_view::npos) return std::nullopt;
  const auto bits = number<std::uint64_t>(first_word(volume->substr(flags + kFlags.size())), 16);
  if (!bits) return std::nullopt;
  return Ocfs2State{(*bits & kFailed) != 0, *recovering};
}

}  // namespace gridlock
