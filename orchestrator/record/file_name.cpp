// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/file_name.h"

#include "base/digest.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongest = 100;  // NAME_MAX is 255; a run's path has several of these
constexpr std::size_t kDigestDigits = 8;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '+' || c == '-';
}

}  // namespace

std::string safe_file_name(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kLongest)) name += is_plain(c) ? c : '_';
  if (!name.empty() && name.front() == '.') name.front() = '_';
  if (!name.empty() && name == text) return name;
  name.resize(std::min(name.size(), kLongest - kDigestDigits - 1));
  return name + "-" + sha256(text).substr(0, kDigestDigits);
}

}  // namespace gridlock
