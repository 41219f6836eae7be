// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/known_files.h"

#include "base/text.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxKnownFiles = 1'000'000;

}  // namespace

KnownFiles parse_known_files(std::string_view text) {
  KnownFiles files;
  while (!text.empty() && files.names.size() < kMaxKnownFiles) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto inode = number<std::uint64_t>(line.substr(0, blank), 10);
    if (inode) files.names[*inode] = trimmed(line.substr(blank));
  }
  return files;
}

}  // namespace gridlock::diagnosis
