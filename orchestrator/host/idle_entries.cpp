// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/idle_entries.h"

#include <algorithm>

#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShortestKey = 16;

bool is_key(const std::string& name) {
  return name.size() >= kShortestKey &&
         name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// File times have their own clock and epoch.
std::chrono::system_clock::time_point last_use(const fs::path& stamp) {
  std::error_code error;
  const auto written = fs::last_write_time(stamp, error);
  return error ? std::chrono::system_clock::time_point{} : std::chrono::file_clock::to_sys(written);
}

}  // namespace

std::vector<RemovedTree> remove_idle(const IdleEntries& entries, UtcTime now) {
  std::vector<fs::path> all;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(entries.root, error))
    if (entry.is_directory() && !entry.is_symlink() && is_key(entry.path().filename()))
      all.push_back(entry.path());
  std::ranges::sort(all);
  std::vector<RemovedTree> removed;
  for (const fs::path& entry : all) {
    const auto is_idle = [&] {
      return now - last_use(entry / entries.stamp) >= entries.keep(entry);
    };
    if (!is_idle()) continue;
    const fs::path lock = entry.string() + ".lock";
    const auto held = FileLock::take_if_free(lock, "removing what nobody used for long");
    // Whoever held it may have used it just now.
    if (!held || !is_idle()) continue;
    const Bytes size = disk_use(entry);
    remove_tree(entry);
    fs::remove(lock, error);
    removed.push_back({entry, size});
  }
  return removed;
}

}  // namespace gridlock
