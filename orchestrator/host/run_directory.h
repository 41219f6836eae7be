// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "host/file_lock.h"

namespace gridlock {

/// The folder of one run: sockets, the libvirt root, scratch disks. A lock in it is held for as
/// long as it lives, so that others can tell it from what a killed run left. The destructor removes
/// it.
class RunDirectory {
 public:
  /// Creates base/<six letters>. QEMU's user is `uid`:`gid`; if that is not us (we are root), its
  /// group may enter the folder. Throws Error if `base` is not ours alone to write.
  RunDirectory(const std::filesystem::path& base, uid_t uid, gid_t gid);
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;
  ~RunDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

/// Makes a folder below a run directory that QEMU's user `uid`:`gid` can enter, as it can the run
/// directory itself. One that is there stays. Throws Error.
void make_shared_folder(const std::filesystem::path& folder, uid_t uid, gid_t gid);

/// The same for sockets that QEMU itself makes: the folder is its user's, and ours to enter.
void make_folder_of(const std::filesystem::path& folder, uid_t uid, gid_t gid);

/// What killed runs left in `base`: their folders, each with its lock, which the caller now holds.
struct LeftoverRun {
  std::filesystem::path path;
  FileLock lock;
};
std::vector<LeftoverRun> leftover_runs(const std::filesystem::path& base);

}  // namespace gridlock
