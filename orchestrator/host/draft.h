// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "host/file_lock.h"

namespace gridlock {

/// A tree that was removed, and what it took on its disk.
struct RemovedTree {
  std::filesystem::path path;
  Bytes size;
};

/// A new folder of our own (mode 0700) in which an entry of a cache is made before it is moved to
/// its place, removed with all that is in it. It holds a file "lock", which is locked for as long
/// as the object lives: so others can tell it from what a killed program left.
class Draft {
 public:
  /// In `parent`, which must exist. Throws Error.
  explicit Draft(const std::filesystem::path& parent);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

/// Removes the drafts in `parent`, which may be absent, whose maker is gone. Throws Error.
std::vector<RemovedTree> remove_dead_drafts(const std::filesystem::path& parent);

/// What a tree takes on its disk: a file with several names in it counts once, what cannot be read
/// not at all. 0 if there is none.
Bytes disk_use(const std::filesystem::path& tree);

}  // namespace gridlock
