// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/command_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>

#include "base/text.h"
#include "host/descriptor.h"
#include "host/pidfd.h"

namespace bp = boost::process;

namespace gridlock {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Between SIGTERM and SIGKILL.
constexpr Milliseconds kGrace{2'000};
/// How long the pipes must be silent after the program's end to stop waiting for the end of file
/// that a child it left behind withholds.
constexpr Milliseconds kIdle{200};
/// A longer line reaches `on_output_line` in pieces.
constexpr std::size_t kLongestLine = 64 * 1024;

[[noreturn]] void fail(const Command& command, const std::string& why, std::string hint = {}) {
  throw HostError(fmt::format("cannot run {}: {}", command.program.string(), why), std::move(hint));
}

struct Pipe {
  Descriptor read, write;
};

/// Both ends close on exec: programs started at the same moment must not hold each other's ends.
Pipe make_pipe(const Command& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(command, std::strerror(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void make_nonblocking(const Descriptor& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

/// Keeps the last `limit` bytes of a stream and hands out its lines.
class Stream {
 public:
  Stream(Descriptor fd, Bytes limit, std::function<void(std::string_view)> on_line)
      : fd_(std::move(fd)), limit_(limit.count), on_line_(std::move(on_line)) {
    make_nonblocking(fd_);
  }

  int fd() const { return fd_.get(); }
  bool open() const { return static_cast<bool>(fd_); }

  /// Reads what is there. Closes at the end of file.
  void read_some() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got > 0) {
      take({buffer.data(), static_cast<std::size_t>(got)});
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      fd_.reset();
    }
  }

  /// What was kept, after the last line without an end was handed out.
  std::string finish() {
    if (on_line_ && !line_.empty()) on_line_(line_);
    trim(0);
    return std::move(kept_);
  }

 private:
  void take(std::string_view bytes) {
    kept_.append(bytes);
    trim(limit_ / 2 + 65536);
    if (!on_line_) return;
    for (const char byte : bytes) {
      if (byte != '\n') line_ += byte;
      if (byte == '\n' || line_.size() >= kLongestLine) {
        on_line_(line_);
        line_.clear();
      }
    }
  }

  void trim(std::size_t slack) {
    if (kept_.size() > limit_ + slack) kept_.erase(0, kept_.size() - limit_);
  }

  Descriptor fd_;
  std::size_t limit_;
  std::function<void(std::string_view)> on_line_;
  std::string kept_, line_;
};

/// What happens in the child between fork and exec: async-signal-safe calls only.
struct ChildSetup {
  pid_t parent;
  const std::vector<int>& inherited;

  template <class Executor>
  void operator()(Executor&) const {
    ::setpgid(0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    for (const int fd : inherited) ::fcntl(fd, F_SETFD, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
  }
};

/// Our environment with a command's additions. Not bp::environment, which reads beyond the end of
/// entries shorter than the name it looks for (Boost 1.74, found by AddressSanitizer).
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& added) {
    for (char** entry = ::environ; *entry; ++entry) {
      const std::string_view text = *entry;
      if (!added.contains(std::string(text.substr(0, text.find('='))))) entries_.emplace_back(text);
    }
    for (const auto& [name, value] : added) entries_.push_back(name + "=" + value);
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  char** pointers() { return pointers_.data(); }

 private:
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

struct SetEnvironment {
  char** environment;
  template <class Executor>
  void operator()(Executor& executor) const {
    executor.env = environment;
  }
};

/// Boost.Process loses the process of a failed exec; this remembers it so that it is reaped.
struct RememberProcess {
  pid_t& pid;
  template <class Executor>
  void operator()(Executor& executor, const std::error_code&) const {
    pid = executor.pid;
  }
};

/// A started program; its process group is killed and the program reaped on destruction at the
/// latest.
class Process {
 public:
  Process(const Command& command, const std::filesystem::path& program, int in, int out, int err) {
    // Guards starting: Boost.Process' own error pipe does not close on exec at once.
    static std::mutex starting;
    const std::lock_guard lock(starting);
    Environment environment(command.environment);
    const std::string directory = command.directory.empty() ? "." : command.directory.string();
    const ChildSetup setup{::getpid(), command.inherited};
    pid_t failed = -1;
    std::error_code error;
    child_ = bp::child(
        bp::exe = program.string(), bp::args = command.arguments, bp::start_dir = directory,
        bp::posix::fd.bind(STDIN_FILENO, in), bp::posix::fd.bind(STDOUT_FILENO, out),
        bp::posix::fd.bind(STDERR_FILENO, err),
        bp::extend::on_setup = SetEnvironment{environment.pointers()},
        bp::extend::on_exec_setup = setup, bp::extend::on_error = RememberProcess{failed}, error);
    if (error) {
      if (failed > 0) ::waitpid(failed, nullptr, 0);
      fail(command, error.message());
    }
    pidfd_ = open_pidfd(child_.id());
    if (!pidfd_) {
      kill_and_wait();
      fail(command, "pidfd_open: " + std::string(std::strerror(errno)));
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!reaped_) kill_and_wait();
  }

  int pidfd() const { return pidfd_.get(); }
  /// Until it is reaped its number cannot be another's.
  void signal_group(int signal) const { ::kill(-child_.id(), signal); }

  int wait() {
    child_.wait();
    reaped_ = true;
    return child_.native_exit_code();
  }

 private:
  void kill_and_wait() {
    signal_group(SIGKILL);
    std::error_code error;
    child_.wait(error);
    reaped_ = true;
  }

  bp::child child_;
  Descriptor pidfd_;
  bool reaped_ = false;
};

/// One command from start to end.
class Running {
 public:
  Running(const Command& command, const std::filesystem::path& program, std::stop_token stop)
      : Running(command, program, std::move(stop), make_pipe(command), make_pipe(command),
                make_pipe(command)) {}

  CommandResult finish() {
    while (!done()) {
      wait_for_something();
      if (!killing_ && (stop_.stop_requested() || SteadyClock::now() >= end_)) begin_to_kill();
      if (killing_ && !killed_ && SteadyClock::now() >= kill_at_) {
        process_.signal_group(SIGKILL);
        killed_ = true;
      }
    }
    // What the program left behind in its group must not outlive a command that was given up.
    if (killing_) process_.signal_group(SIGKILL);
    const int status = process_.wait();
    if (killing_ && stop_.stop_requested()) throw Cancelled("running " + command_.program.string());
    CommandResult result;
    result.kind = killing_              ? CommandResult::Kind::deadline
                  : WIFSIGNALED(status) ? CommandResult::Kind::signalled
                                        : CommandResult::Kind::exited;
    result.value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    result.output = output_.finish();
    result.errors = errors_.finish();
    result.duration = std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begin_);
    return result;
  }

 private:
  Running(const Command& command, const std::filesystem::path& program, std::stop_token stop,
          Pipe in, Pipe out, Pipe err)
      : command_(command),
        stop_(std::move(stop)),
        end_(begin_ + command.deadline),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        input_(std::move(in.write)),
        output_(std::move(out.read), command.output_limit, command.on_output_line),
        errors_(std::move(err.read), command.output_limit, {}),
        process_(command, program, in.read.get(), out.write.get(), err.write.get()) {
    make_nonblocking(input_);
    if (command_.input.empty()) input_.reset();
  }

  bool done() const {
    if (!gone_) return false;
    if (!output_.open() && !errors_.open()) return true;
    return SteadyClock::now() >= quiet_since_ + kIdle;
  }

  Milliseconds patience() const {
    SteadyClock::time_point until = killed_    ? SteadyClock::now() + kGrace
                                    : killing_ ? kill_at_
                                               : end_;
    if (gone_) until = std::min(until, quiet_since_ + kIdle);
    return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(until - SteadyClock::now()));
  }

  void wait_for_something() {
    std::array<pollfd, 5> fds{{{wake_.get(), POLLIN, 0},
                               {gone_ ? -1 : process_.pidfd(), POLLIN, 0},
                               {output_.fd(), POLLIN, 0},
                               {errors_.fd(), POLLIN, 0},
                               {input_.get(), POLLOUT, 0}}};
    // Once it is known that we were woken, the descriptor stays readable: do not spin on it.
    if (killing_) fds[0].fd = -1;
    const Milliseconds limit = std::min(patience(), Milliseconds{60'000});
    if (::poll(fds.data(), fds.size(), static_cast<int>(limit.count())) <= 0) return;
    if (fds[1].revents) {
      gone_ = true;
      quiet_since_ = SteadyClock::now();
    }
    if (fds[2].revents) output_.read_some();
    if (fds[3].revents) errors_.read_some();
    if (fds[2].revents || fds[3].revents) quiet_since_ = SteadyClock::now();
    if (fds[4].revents) feed();
  }

  void feed() {
    const std::string_view rest = std::string_view(command_.input).substr(fed_);
    const ssize_t written = write_quietly(rest);
    if (written > 0) fed_ += static_cast<std::size_t>(written);
    if (fed_ == command_.input.size() || (written < 0 && errno != EAGAIN && errno != EINTR))
      input_.reset();
  }

  /// Writes to the program's input; a program that has closed it must not end us by SIGPIPE.
  ssize_t write_quietly(std::string_view bytes) {
    sigset_t pipe_signal, before;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    const ssize_t written = ::write(input_.get(), bytes.data(), bytes.size());
    const int error = errno;
    if (written < 0 && error == EPIPE) {
      const timespec now{0, 0};
      while (::sigtimedwait(&pipe_signal, nullptr, &now) == -1 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return written;
  }

  void begin_to_kill() {
    killing_ = true;
    kill_at_ = SteadyClock::now() + kGrace;
    process_.signal_group(SIGTERM);
  }

  const Command& command_;
  std::stop_token stop_;
  SteadyClock::time_point begin_ = SteadyClock::now(), end_, kill_at_{}, quiet_since_{};
  Descriptor wake_;
  std::stop_callback<std::function<void()>> on_stop_{
      stop_, [fd = wake_.get()] { ::eventfd_write(fd, 1); }};
  Descriptor input_;
  Stream output_, errors_;
  Process process_;
  std::size_t fed_ = 0;
  bool gone_ = false, killing_ = false, killed_ = false;
};

class RealCommandRunner final : public CommandRunner {
 public:
  CommandResult run(const Command& command, std::stop_token stop) override {
    if (stop.stop_requested()) throw Cancelled("starting " + command.program.string());
    const auto program = find_program(command.program);
    if (!program)
      fail(command, "there is no such program", "install it, or add its folder to PATH");
    if (!command.directory.empty() && !std::filesystem::is_directory(command.directory))
      fail(command, "there is no folder " + command.directory.string());
    return Running(command, *program, std::move(stop)).finish();
  }
};

}  // namespace

std::unique_ptr<CommandRunner> make_command_runner() {
  return std::make_unique<RealCommandRunner>();
}

std::optional<std::filesystem::path> find_program(const std::filesystem::path& program) {
  if (program.has_parent_path()) {
    std::error_code error;
    if (::access(program.c_str(), X_OK) != 0 || std::filesystem::is_directory(program, error))
      return std::nullopt;
    // The program may be started in another folder.
    return std::filesystem::absolute(program);
  }
  const boost::filesystem::path found = bp::search_path(program.string());
  if (found.empty()) return std::nullopt;
  return found.string();
}

std::string describe_end(const CommandResult& result, const Command& command) {
  switch (result.kind) {
    case CommandResult::Kind::deadline:
      return "did not end within " + to_string(command.deadline);
    case CommandResult::Kind::signalled:
      return fmt::format("was ended by signal {} ({})", result.value, ::strsignal(result.value));
    case CommandResult::Kind::exited:
      break;
  }
  return fmt::format("exited with status {}", result.value);
}

CommandResult require_ok(CommandResult result, const Command& command, std::string_view doing,
                         std::string hint) {
  if (result.ok()) return result;
  const std::string& said = trimmed(result.errors).empty() ? result.output : result.errors;
  std::string last;
  for (const std::string& line : last_lines(trimmed(said), 5)) last += "\n  " + printable(line);
  throw HostError(
      fmt::format("{}: {} {}{}{}", doing, command.program.string(), describe_end(result, command),
                  last.empty() ? "" : "; it said last:", last),
      std::move(hint));
}

}  // namespace gridlock
