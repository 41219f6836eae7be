// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

/// flock(2) cannot be waited for together with a stop request, so the lock is tried this often.
constexpr Milliseconds kInterval{100};

/// Whether `file` still names what `fd` has open: its folder may have been removed meanwhile.
bool is_same_file(int fd, const std::filesystem::path& file) {
  struct stat ours {
  }, there{};
  return ::fstat(fd, &ours) == 0 && ::stat(file.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/// What the one who has the lock wrote into it: "12 building kernel patched".
std::string holder_of(const std::filesystem::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text{};
  const ssize_t got = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  const std::string said = printable(
      trimmed(std::string_view(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)))));
  const std::size_t space = said.find(' ');
  if (space == std::string::npos) return "another gridlock";
  return fmt::format("another gridlock (pid {}) that is {}", said.substr(0, space),
                     said.substr(space + 1));
}

/// Sleepless wait of at most `limit`; false if stopped.
bool pause(std::stop_token stop, Milliseconds limit) {
  std::mutex mutex;
  std::condition_variable_any nothing;
  std::unique_lock lock(mutex);
  nothing.wait_for(lock, stop, limit, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

std::optional<FileLock> FileLock::take_if_free(const std::filesystem::path& file,
                                               const std::string& doing) {
  while (true) {
    Descriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) throw Error(fmt::format("opening lock {}: {}", file.string(), std::strerror(errno)));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno == EINTR) continue;
      throw Error(fmt::format("locking {}: {}", file.string(), std::strerror(errno)),
                  "the file system must support flock");
    }
    if (!is_same_file(fd.get(), file)) continue;
    const std::string text = fmt::format("{} {}\n", ::getpid(), doing);
    // Only a courtesy to those who wait: the lock holds without it, e.g. on a full disk.
    if (::ftruncate(fd.get(), 0) == 0) {
      [[maybe_unused]] const ssize_t written = ::write(fd.get(), text.data(), text.size());
    }
    return FileLock(std::move(fd));
  }
}

FileLock FileLock::take(const std::filesystem::path& file, const std::string& doing,
                        Milliseconds deadline, std::stop_token stop,
                        const std::function<void(const std::string&)>& note) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  bool noted = false;
  while (true) {
    if (auto lock = take_if_free(file, doing)) return std::move(*lock);
    const std::string holder = holder_of(file);
    if (!noted && note) note("waiting for " + holder);
    noted = true;
    if (std::chrono::steady_clock::now() >= end)
      throw Error(fmt::format("{}: waited {} for {}", doing, to_string(deadline), holder),
                  "end that process, or wait for it");
    if (!pause(stop, kInterval)) throw Cancelled("waiting for " + holder);
  }
}

}  // namespace gridlock
