// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/dlm_waiters.h"

#include <cstdint>
#include <optional>

#include "base/text.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxRows = 65536;
constexpr std::size_t kMaxName = 64;  // DLM_RESNAME_MAXLEN

/// Takes the next word and the one blank behind it: a resource's name may begin with blanks.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

std::optional<DlmReply> reply_of(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto id = number<std::uint32_t>(take_word(line), 16);
  const auto type = number<int>(take_word(line), 10);
  const auto node = number<int>(take_word(line), 10);
  if (!id || !type || !node || line.empty() || line.size() > kMaxName) return std::nullopt;
  return DlmReply{std::string(line), *node};
}

}  // namespace

std::vector<DlmReply> read_dlm_waiters(std::string_view text) {
  std::vector<DlmReply> replies;
  while (!text.empty() && replies.size() < kMaxRows)
    if (auto reply = reply_of(take_line(text))) replies.push_back(std::move(*reply));
  return replies;
}

}  // namespace gridlock::diagnosis
