// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <system_error>

namespace gridlock::agent {
namespace {

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

FileWorker start_file_work(const std::function<std::string()>& work) {
  Pipe pipe = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid > 0) return {pid, std::move(pipe.reader)};
  become_ordinary();
  int status = 0;
  try {
    write_all(pipe.writer.get(), "k" + work(), "answer");
  } catch (const std::exception& error) {
    const std::string text = std::string("e") + error.what();
    status = ::write(pipe.writer.get(), text.data(), text.size()) < 0 ? 2 : 1;
  }
  ::_exit(status);
}

std::string read_part(const std::string& path, long long offset, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno(path);
  // Files of /proc and debugfs may know no offset other than the one reading leads to.
  if (offset != 0 && ::lseek(file.get(), offset, SEEK_SET) < 0) throw_errno(path);
  std::string data(limit + 1, '\0');
  std::size_t held = 0;
  while (held < data.size()) {
    const ssize_t count = ::read(file.get(), data.data() + held, data.size() - held);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(path);
    if (count == 0) break;
    held += static_cast<std::size_t>(count);
  }
  const bool end = held <= limit;
  data.resize(end ? held : limit);
  return (end ? "1" : "0") + data;
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
