// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

namespace gridlock {

/// Held by a run's writer for its life, on the file `.writing` in the run's directory. The kernel
/// drops it however the writer ends (flock(2)).
class WritingLock {
 public:
  /// Throws Error naming the file.
  explicit WritingLock(const std::filesystem::path& run);
  ~WritingLock();
  WritingLock(const WritingLock&) = delete;
  WritingLock& operator=(const WritingLock&) = delete;

  /// Whether a writer holds the lock of `run` now.
  static bool is_held(const std::filesystem::path& run);

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace gridlock
