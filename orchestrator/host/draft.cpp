// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/draft.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "draft-";
constexpr const char* kLockName = "lock";
/// POSIX: what st_blocks counts on Linux.
constexpr std::uint64_t kBlock = 512;

}  // namespace

Draft::Draft(const fs::path& parent) {
  // It has its name once it is locked: nobody takes it for a killed program's in between.
  std::string made = (parent / ".").string() + std::string(kPrefix) + "XXXXXX";
  if (!::mkdtemp(made.data()))
    throw Error(fmt::format("creating a folder in {}: {}", parent.string(), std::strerror(errno)));
  lock_ = FileLock::take_if_free(fs::path(made) / kLockName, "making what is kept in the cache");
  GRIDLOCK_CHECK(lock_.has_value(), "nobody else knows this folder yet");
  path_ = parent / fs::path(made).filename().string().substr(1);
  fs::rename(made, path_);
}

Draft::~Draft() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<RemovedTree> remove_dead_drafts(const fs::path& parent) {
  std::vector<fs::path> drafts;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, absent))
    if (entry.path().filename().string().starts_with(kPrefix) && entry.is_directory() &&
        !entry.is_symlink())
      drafts.push_back(entry.path());
  std::vector<RemovedTree> removed;
  for (const fs::path& draft : drafts) {
    const auto lock = FileLock::take_if_free(draft / kLockName, "removing what was not finished");
    if (!lock) continue;
    const Bytes size = disk_use(draft);
    remove_tree(draft);
    removed.push_back({draft, size});
  }
  return removed;
}

Bytes disk_use(const fs::path& tree) {
  std::uint64_t blocks = 0;
  std::set<std::pair<dev_t, ino_t>> several;
  const auto add = [&](const fs::path& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return;
    const bool has_names = !S_ISDIR(found.st_mode) && found.st_nlink > 1;
    if (has_names && !several.emplace(found.st_dev, found.st_ino).second) return;
    blocks += static_cast<std::uint64_t>(found.st_blocks);
  };
  add(tree);
  std::error_code error;
  for (fs::recursive_directory_iterator
           at(tree, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error))
    add(at->path());
  return Bytes{blocks * kBlock};
}

}  // namespace gridlock
