// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/lock_names.h"

#include <algorithm>

#include "base/digest.h"

namespace gridlock {
namespace {

constexpr std::size_t kClusterBytes = 32;
constexpr std::size_t kFilesystemBytes = 30;
constexpr std::size_t kOcfs2ClusterBytes = 16;
constexpr std::size_t kUuidDigits = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// `name` as lower-case letters, digits and dashes, at most `limit` of them.
std::string dashed(std::string_view name, std::size_t limit) {
  std::string out;
  for (const char c : name.substr(0, limit)) out += is_plain(lower(c)) ? lower(c) : '-';
  return out.substr(0, out.find_last_not_of('-') + 1);
}

/// The same without dashes.
std::string plain(std::string_view name, std::size_t limit) {
  std::string out;
  for (const char c : name)
    if (is_plain(lower(c)) && out.size() < limit) out += lower(c);
  return out;
}

std::string uuid_of(std::string_view topology, std::string_view disk) {
  Digest digest;
  digest.field("topology", topology).field("disk", disk);
  std::string uuid = digest.hex().substr(0, kUuidDigits);
  std::ranges::transform(uuid, uuid.begin(), upper);
  return uuid;
}

}  // namespace

LockNames lock_names(FilesystemType type, std::string_view topology, std::string_view disk) {
  LockNames names;
  if (type == FilesystemType::ocfs2) {
    names.cluster = plain(topology, kOcfs2ClusterBytes);
    names.table = names.cluster + ":" + uuid_of(topology, disk);
  } else {
    names.cluster = dashed(topology, kClusterBytes);
    names.table = names.cluster + ":" + dashed(disk, kFilesystemBytes);
  }
  return names;
}

std::string lockspace_of(std::string_view lock_table) {
  return std::string(lock_table.substr(lock_table.find(':') + 1));
}

}  // namespace gridlock
