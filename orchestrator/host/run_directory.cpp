// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/run_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>

#include "base/error.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockName = "lock";
/// Held while a folder is created and while leftovers are looked for: without it a folder whose
/// lock is not yet taken would look like a leftover. Both take moments.
constexpr const char* kBaseLockName = ".lock";
constexpr Milliseconds kBaseLockDeadline{30'000};

/// /var/tmp is everybody's: a folder that another user put there first must not be trusted.
void require_ours(const fs::path& base) {
  struct stat found {};
  if (::lstat(base.c_str(), &found) != 0)
    throw Error(fmt::format("the run folder {}: {}", base.string(), std::strerror(errno)));
  const char* const wrong = !S_ISDIR(found.st_mode)                 ? "is not a folder"
                            : found.st_uid != ::getuid()            ? "belongs to another user"
                            : (found.st_mode & (S_IWGRP | S_IWOTH)) ? "can be written by others"
                                                                    : nullptr;
  if (wrong)
    throw Error(fmt::format("the run folder {} {}", base.string(), wrong),
                "remove it; Gridlock creates it anew");
}

void create_base(const fs::path& base) {
  std::error_code error;
  if (base.has_parent_path()) fs::create_directories(base.parent_path(), error);
  // Others may pass through: QEMU's user must reach the run folders below, which it can enter only
  // by group, and nobody can list.
  if (::mkdir(base.c_str(), 0711) == 0) {
    ::chmod(base.c_str(), 0711);
  } else if (errno != EEXIST) {
    throw Error(fmt::format("creating the run folder {}: {}", base.string(), std::strerror(errno)));
  }
  require_ours(base);
}

FileLock lock_base(const fs::path& base) {
  return FileLock::take(base / kBaseLockName, "looking at run folders", kBaseLockDeadline, {}, {});
}

std::string random_name() {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device random;
  std::string name(6, ' ');
  std::ranges::generate(name, [&] { return kLetters[random() % kLetters.size()]; });
  return name;
}

/// Lets the group `gid` into a folder of ours if `uid` is somebody else.
void open_to(const fs::path& folder, uid_t uid, gid_t gid) {
  const bool for_others = uid != ::getuid();
  if ((for_others && ::chown(folder.c_str(), static_cast<uid_t>(-1), gid) != 0) ||
      ::chmod(folder.c_str(), for_others ? 0710 : 0700) != 0)
    throw Error(
        fmt::format("creating the run folder {}: {}", folder.string(), std::strerror(errno)));
}

}  // namespace

void make_shared_folder(const fs::path& folder, uid_t uid, gid_t gid) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw Error(
        fmt::format("creating the run folder {}: {}", folder.string(), std::strerror(errno)));
  open_to(folder, uid, gid);
}

void make_folder_of(const fs::path& folder, uid_t uid, gid_t gid) {
  if ((::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) ||
      (uid != ::getuid() && ::chown(folder.c_str(), uid, gid) != 0))
    throw Error(
        fmt::format("creating the run folder {}: {}", folder.string(), std::strerror(errno)));
}

RunDirectory::RunDirectory(const fs::path& base, uid_t uid, gid_t gid) {
  create_base(base);
  const FileLock base_lock = lock_base(base);
  do {
    path_ = base / random_name();
  } while (::mkdir(path_.c_str(), 0700) != 0 && errno == EEXIST);
  open_to(path_, uid, gid);
  lock_ = FileLock::take_if_free(path_ / kLockName, "running");
  GRIDLOCK_CHECK(lock_.has_value(), "nobody else knows this folder yet");
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<LeftoverRun> leftover_runs(const fs::path& base) {
  std::vector<LeftoverRun> found;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(base, error))) return found;
  require_ours(base);
  const FileLock base_lock = lock_base(base);
  for (const fs::directory_entry& entry : fs::directory_iterator(base)) {
    if (!entry.is_directory() || entry.is_symlink()) continue;
    if (auto lock = FileLock::take_if_free(entry.path() / kLockName, "removing what a run left"))
      found.push_back({entry.path(), std::move(*lock)});
  }
  std::ranges::sort(found, {}, &LeftoverRun::path);
  return found;
}

}  // namespace gridlock
