// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <system_error>

namespace gridlock::agent {
namespace {

/// What one read asks for; seq_file's own buffer grows to it.
constexpr std::size_t kPiece = 64 * 1024;
constexpr int kReadAhead = 1 << 20;

[[noreturn]] void throw_errno(const std::string& doing) {
  throw std::system_error(errno, std::generic_category(), doing);
}

void write_all(int descriptor, std::string_view bytes, const std::string& doing) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(doing);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string failure(const std::string& doing, int error) {
  return doing + ": " + std::strerror(error);
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) throw_errno("fcntl");
  return pipe;
}

void become_ordinary() {
  ::setsid();
  const sched_param normal{};
  ::sched_setscheduler(0, SCHED_OTHER, &normal);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  // Some of the range belong to the C library and cannot be set; they need not be.
  for (int number = 1; number < SIGRTMAX; ++number) ::sigaction(number, &standard, nullptr);
  const Descriptor score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  // Fails only for a process that was never protected.
  if (score && ::write(score.get(), "0", 1) < 0) return;
}

FileWorker start_file_work(const FileWork& work) {
  Pipe pipe = make_pipe();
  // Lets a child read ahead of a host that is slow. Where it is not allowed, it is smaller.
  (void)::fcntl(pipe.writer.get(), F_SETPIPE_SZ, kReadAhead);
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid > 0) return {pid, std::move(pipe.reader)};
  become_ordinary();
  int status = 0;
  const auto say = [&](char kind, std::string_view bytes) {
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::string frame(1, kind);
    frame.append(reinterpret_cast<const char*>(&length), sizeof length);
    frame += bytes;
    write_all(pipe.writer.get(), frame, "answer");
  };
  try {
    say(work([&](std::string_view bytes) { say('d', bytes); }) ? 'k' : 'm', {});
  } catch (const std::exception& error) {
    status = 1;
    try {
      say('e', error.what());
    } catch (const std::system_error&) {
      status = 2;  // nobody is left to hear it
    }
  }
  ::_exit(status);
}

bool read_file(const std::string& path, long long offset, std::size_t limit, const Emit& emit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno(path);
  // Files of /proc and debugfs may know no offset other than the one reading leads to.
  if (offset != 0 && ::lseek(file.get(), offset, SEEK_SET) < 0) throw_errno(path);
  std::string piece(kPiece, '\0');
  std::size_t left = limit;
  while (true) {
    // One byte more than wanted tells whether the file ends there.
    const std::size_t wanted = left == 0 ? 1 : std::min(left, piece.size());
    const ssize_t count = ::read(file.get(), piece.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(path);
    if (count == 0) return true;
    if (left == 0) return false;
    left -= static_cast<std::size_t>(count);
    emit(std::string_view(piece.data(), static_cast<std::size_t>(count)));
  }
}

std::string write_file(const std::string& path, const std::string& data, int mode, int flags) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if ((flags & O_CREAT) != 0 && !folder.empty()) std::filesystem::create_directories(folder);
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, mode));
  if (!file) throw_errno(path);
  write_all(file.get(), data, path);
  // The mode of open is cut by the umask and does nothing for a file that was there.
  if ((flags & O_CREAT) != 0 && ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0 &&
      errno != EPERM && errno != EACCES)
    throw_errno(path);
  return {};
}

}  // namespace gridlock::agent
