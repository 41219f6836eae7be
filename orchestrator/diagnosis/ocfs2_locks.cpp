// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/ocfs2_locks.h"

#include <array>
#include <optional>

#include "base/text.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxWaited = 65536;
constexpr std::size_t kMaxName = 31;  // OCFS2_LOCK_ID_MAX_LEN without its end
constexpr unsigned kBusy = 0x2;       // OCFS2_LOCK_BUSY
constexpr unsigned kBlocked = 0x4;    // OCFS2_LOCK_BLOCKED
constexpr unsigned kNoCache = 0x200;  // OCFS2_LOCK_NOCACHE

std::string_view take_column(std::string_view& line) {
  const std::size_t end = line.find('\t');
  const std::string_view column = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return column;
}

template <class Number>
std::optional<Number> hexadecimal(std::string_view column) {
  if (!column.starts_with("0x")) return std::nullopt;
  return number<Number>(column.substr(2), 16);
}

std::optional<DlmMode> level_of(std::string_view column) {
  const auto level = number<int>(column, 10);
  if (!level || *level < -1 || *level > 5) return std::nullopt;
  return static_cast<DlmMode>(*level);
}

std::optional<Ocfs2Lock> lock_of(std::string_view line) {
  const auto version = hexadecimal<unsigned>(take_column(line));
  const std::string_view name = take_column(line);
  const auto level = level_of(take_column(line));
  const auto flags = hexadecimal<unsigned long>(take_column(line));
  const auto action = hexadecimal<unsigned>(take_column(line));
  const auto unlock_action = hexadecimal<unsigned>(take_column(line));
  const auto readers = number<unsigned>(take_column(line), 10);
  const auto writers = number<unsigned>(take_column(line), 10);
  const auto requested = level_of(take_column(line));
  const auto blocking = level_of(take_column(line));
  if (!version || name.empty() || name.size() > kMaxName || !level || !flags || !action ||
      !unlock_action || !readers || !writers || !requested || !blocking)
    return std::nullopt;
  return Ocfs2Lock{.resource = name,
                   .level = *level,
                   .requested = *requested,
                   .readers = *readers,
                   .writers = *writers,
                   .busy = (*flags & kBusy) != 0,
                   .uncached = (*flags & kNoCache) != 0,
                   .blocking = (*flags & kBlocked) != 0 ? *blocking : DlmMode::none};
}

}  // namespace

DlmMode Ocfs2Lock::used() const {
  if (uncached) return level > DlmMode::NL ? level : DlmMode::NL;
  if (writers > 0) return DlmMode::EX;
  return readers > 0 ? DlmMode::PR : DlmMode::NL;
}

DlmMode Ocfs2Lock::refused() const {
  if (blocking == DlmMode::EX) return DlmMode::PR;
  return blocking == DlmMode::PR ? DlmMode::EX : DlmMode::none;
}

void each_ocfs2_lock(std::string_view text, const std::function<void(const Ocfs2Lock&)>& take) {
  while (!text.empty())
    if (const auto lock = lock_of(take_line(text))) take(*lock);
}

std::string_view ocfs2_type_name(std::string_view resource) {
  struct Type {
    char letter;
    std::string_view name;
  };
  constexpr std::array kTypes = std::to_array<Type>({{'M', "meta"},
                                                     {'D', "data"},
                                                     {'S', "super"},
                                                     {'R', "rename"},
                                                     {'W', "rw"},
                                                     {'N', "dentry"},
                                                     {'O', "open"},
                                                     {'F', "flock"},
                                                     {'Q', "quota"},
                                                     {'Y', "nfs_sync"},
                                                     {'P', "orphan_scan"},
                                                     {'T', "refcount"},
                                                     {'I', "trim_fs"}});
  for (const Type& type : kTypes)
    if (resource.starts_with(type.letter)) return type.name;
  return "ocfs2";
}

std::uint64_t ocfs2_inode(std::string_view resource) {
  // A letter, six zeros, the block in 16 hexadecimal digits, the generation in 8.
  constexpr std::size_t kPad = 7;
  constexpr std::size_t kDigits = 16;
  if (resource.size() < kPad + kDigits ||
      std::string_view("MDWOF").find(resource[0]) == std::string_view::npos)
    return 0;
  return number<std::uint64_t>(resource.substr(kPad, kDigits), 16).value_or(0);
}

std::size_t collect_waited_ocfs2(std::string_view text,
                                 std::set<std::string, std::less<>>& waited) {
  std::size_t rows = 0;
  each_ocfs2_lock(text, [&](const Ocfs2Lock& lock) {
    ++rows;
    if (lock.waits() && waited.size() < kMaxWaited) waited.emplace(lock.resource);
  });
  return rows;
}

}  // namespace gridlock::diagnosis
