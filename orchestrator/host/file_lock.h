// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/duration.h"
#include "host/descriptor.h"

namespace gridlock {

/// Exclusive use of what a file stands for, between threads and between processes. The kernel ends
/// it with the last descriptor of it, so a killed Gridlock leaves nothing locked. Source: flock(2).
class FileLock {
 public:
  /// Takes the lock if nobody has it. `doing` ("building kernel patched") is what others are told
  /// they wait for. The file is created; its folder must exist. Throws Error.
  static std::optional<FileLock> take_if_free(const std::filesystem::path& file,
                                              const std::string& doing);

  /// Waits for the lock at most `deadline`. `note` is called once if somebody else has it, with
  /// "waiting for another gridlock (pid 12) that is building kernel patched". Throws Error at the
  /// deadline, Cancelled if stopped.
  static FileLock take(const std::filesystem::path& file, const std::string& doing,
                       Milliseconds deadline, std::stop_token stop,
                       const std::function<void(const std::string&)>& note);

  /// To be inherited by programs that must be gone before others may have the lock.
  int descriptor() const { return fd_.get(); }

 private:
  explicit FileLock(Descriptor fd) : fd_(std::move(fd)) {}

  Descriptor fd_;
};

}  // namespace gridlock
