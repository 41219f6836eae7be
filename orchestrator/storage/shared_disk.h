// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "base/bytes.h"

namespace gridlock {

/// A raw file that all nodes use as their disk; sparse; removed by the destructor.
class SharedDisk {
 public:
  /// Makes a disk of zeroes, owned by `uid`. Throws Error if the file system it is on has less room
  /// than the disk may come to need, or does not do direct I/O.
  SharedDisk(std::filesystem::path path, Bytes size, unsigned uid, unsigned gid);
  /// A disk that begins as a copy of `from`, at the same conditions.
  SharedDisk(std::filesystem::path path, const std::filesystem::path& from, unsigned uid,
             unsigned gid);
  ~SharedDisk();
  SharedDisk(const SharedDisk&) = delete;
  SharedDisk& operator=(const SharedDisk&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  void make_room(Bytes size) const;
  void hand_over(unsigned uid, unsigned gid) const;

  std::filesystem::path path_;
};

}  // namespace gridlock
