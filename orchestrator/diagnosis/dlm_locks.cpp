// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/dlm_locks.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxWaited = 65536;
constexpr unsigned kMasterCopy = 0x10000;  // DLM_IFL_MSTCPY
constexpr std::size_t kMaxName = 64;       // DLM_RESNAME_MAXLEN

std::optional<DlmMode> mode_of(std::string_view column) {
  const auto mode = number<int>(column, 10);
  if (!mode || *mode < -1 || *mode > 5) return std::nullopt;
  return static_cast<DlmMode>(*mode);
}

/// id nodeid remid pid xid exflags flags sts grmode rqmode time r_nodeid r_len
using Columns = std::array<std::string_view, 13>;

std::optional<Columns> columns_of(std::string_view text) {
  Columns columns;
  std::size_t count = 0;
  while (!(text = trimmed(text)).empty()) {
    if (count == columns.size()) return std::nullopt;
    const std::size_t end = std::min(text.find(' '), text.size());
    columns.at(count++) = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (count != columns.size()) return std::nullopt;
  return columns;
}

std::optional<DlmLock> lock_of(std::string_view line) {
  const std::size_t quote = line.find('"');
  const std::size_t close = line.rfind('"');
  if (quote == std::string_view::npos || close <= quote || close - quote - 1 > kMaxName)
    return std::nullopt;
  const auto columns = columns_of(line.substr(0, quote));
  if (!columns) return std::nullopt;
  const auto id = number<std::uint32_t>((*columns)[0], 16);
  const auto node = number<int>((*columns)[1], 10);
  const auto remote = number<std::uint32_t>((*columns)[2], 16);
  const auto pid = number<int>((*columns)[3], 10);
  const auto flags = number<unsigned>((*columns)[6], 16);
  const auto queue = number<int>((*columns)[7], 10);
  const auto granted = mode_of((*columns)[8]);
  const auto requested = mode_of((*columns)[9]);
  const auto queued = number<std::int64_t>((*columns)[10], 10);
  const auto master = number<int>((*columns)[11], 10);
  if (!id || !node || !remote || !pid || !flags || !queue || !granted || !requested || !queued ||
      !master || *queue < 1 || *queue > 3)
    return std::nullopt;
  DlmLock lock;
  lock.resource = line.substr(quote + 1, close - quote - 1);
  lock.id = *id;
  lock.remote_id = *remote;
  lock.node = *node;
  lock.pid = *pid;
  lock.queue = static_cast<DlmLock::Queue>(*queue);
  lock.granted = *granted;
  lock.requested = *requested;
  lock.queued = std::chrono::microseconds(*queued);
  lock.is_copy = (*flags & kMasterCopy) != 0;
  lock.mastered_here = *master == 0;
  return lock;
}

}  // namespace

std::string_view mode_name(DlmMode mode) {
  constexpr std::array<std::string_view, 7> kNames{"-", "NL", "CR", "CW", "PR", "PW", "EX"};
  return kNames.at(static_cast<std::size_t>(static_cast<int>(mode) + 1));
}

bool compatible(DlmMode a, DlmMode b) {
  if (a <= DlmMode::NL || b <= DlmMode::NL) return true;
  // From CR to PW; EX goes with nothing.
  constexpr std::array<std::array<bool, 5>, 5> kTable{{{true, true, true, true, false},
                                                       {true, true, false, false, false},
                                                       {true, false, true, false, false},
                                                       {true, false, false, false, false},
                                                       {false, false, false, false, false}}};
  const auto index = [](DlmMode mode) {
    return static_cast<std::size_t>(static_cast<int>(mode) - static_cast<int>(DlmMode::CR));
  };
  return kTable.at(index(a)).at(index(b));
}

DlmMode dlm_mode(GlockMode mode) {
  switch (mode) {
    case GlockMode::UN:
      return DlmMode::NL;
    case GlockMode::SH:
      return DlmMode::PR;
    case GlockMode::DF:
      return DlmMode::CW;
    case GlockMode::EX:
      return DlmMode::EX;
  }
  return DlmMode::none;
}

void each_dlm_lock(std::string_view text, const std::function<void(const DlmLock&)>& take) {
  while (!text.empty())
    if (const auto lock = lock_of(take_line(text))) take(*lock);
}

std::string resource_of(const GlockName& glock) {
  return fmt::format("{:8x}{:16x}", glock.type, glock.number);
}

std::optional<GlockName> glock_of(std::string_view resource) {
  constexpr std::size_t kLength = 24;
  if (resource.size() != kLength) return std::nullopt;
  const auto type = number<unsigned>(trimmed(resource.substr(0, 8)), 16);
  const auto inode = number<std::uint64_t>(trimmed(resource.substr(8)), 16);
  if (!type || !inode) return std::nullopt;
  return GlockName{*type, *inode};
}

std::size_t collect_waited_resources(std::string_view text,
                                     std::set<std::string, std::less<>>& waited) {
  std::size_t rows = 0;
  each_dlm_lock(text, [&](const DlmLock& lock) {
    ++rows;
    if (lock.queue != DlmLock::Queue::granted && waited.size() < kMaxWaited)
      waited.emplace(lock.resource);
  });
  return rows;
}

}  // namespace gridlock::diagnosis
