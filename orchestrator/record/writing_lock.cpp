// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/writing_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr const char* kName = ".writing";

}  // namespace

WritingLock::WritingLock(const std::filesystem::path& run) : file_(run / kName) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  throw Error("locking " + file_.string() + ": " + std::generic_category().message(error),
              "the results need a file system that is writable and knows flock");
}

WritingLock::~WritingLock() {
  ::unlink(file_.c_str());
  ::close(descriptor_);
}

bool WritingLock::is_held(const std::filesystem::path& run) {
  const int descriptor = ::open((run / kName).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

}  // namespace gridlock
