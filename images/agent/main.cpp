// SPDX-License-Identifier: GPL-2.0-or-later
// gridlock-agent: PID 1 of a node, or with --fd N an ordinary process that speaks on an inherited
// socket, and with --barriers PATH lets programs wait at barriers there.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/clock.h"
#include "agent/node.h"
#include "agent/server.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

/// How often a port nobody listens at is looked at: poll would report its hang-up for ever.
constexpr std::int64_t kPortLook = 50'000'000;
constexpr int kReadsPerTurn = 16;

/// The channel to the host and the loop around it.
class Loop {
 public:
  Loop(Role role, Descriptor port, Descriptor children)
      : role_(role), port_(std::move(port)), children_(std::move(children)), server_(role) {}

  /// Lets programs wait at barriers; returns an error text or nothing.
  std::string listen_for_waiters(const std::string& path) {
    return server_.listen_for_waiters(path);
  }

  /// Returns when an ordinary process has lost its host; a node's init never does.
  void run() {
    while (true) {
      if (!port_ && role_ == Role::node_init) port_ = open_port();
      look_at_port();
      if (role_ == Role::ordinary_process && !connected_) return;
      reap();
      bool moved = connected_ && server_.outbox().flush(port_.get());
      server_.turn(moved);
      moved = connected_ && server_.outbox().flush(port_.get());
      if (moved) server_.turn(true);
      if (server_.power_off_wanted()) power_off();
      wait();
    }
  }

 private:
  void look_at_port() {
    if (!port_) return;
    pollfd state{port_.get(), POLLIN, 0};
    if (::poll(&state, 1, 0) < 0) return;
    if ((state.revents & POLLHUP) == 0 && !connected_) {
      connected_ = true;
      server_.connected();
    }
    if ((state.revents & POLLIN) != 0) read_port();
    if ((state.revents & (POLLHUP | POLLERR)) != 0) connected_ = false;
  }

  void read_port() {
    for (int i = 0; i < kReadsPerTurn; ++i) {
      const ssize_t count = ::read(port_.get(), buffer_.data(), buffer_.size());
      if (count > 0) {
        server_.receive(std::string_view(buffer_.data(), static_cast<std::size_t>(count)));
        continue;
      }
      if (count == 0) connected_ = false;
      return;
    }
  }

  void reap() {
    signalfd_siginfo info;
    while (::read(children_.get(), &info, sizeof info) > 0) continue;
    int status = 0;
    while (const pid_t pid = ::waitpid(-1, &status, WNOHANG)) {
      if (pid < 0) return;
      server_.reaped(pid, status);
    }
  }

  void wait() {
    std::vector<pollfd> polled{{children_.get(), POLLIN, 0}};
    if (connected_) {
      const short write = server_.outbox().empty() ? short{0} : short{POLLOUT};
      polled.push_back({port_.get(), static_cast<short>(POLLIN | write), 0});
    }
    server_.watch(polled);
    const std::int64_t longest =
        connected_ ? server_.patience() : std::min(server_.patience(), kPortLook);
    const timespec time{longest / kNanosecondsPerSecond, longest % kNanosecondsPerSecond};
    ::ppoll(polled.data(), polled.size(), &time, nullptr);
  }

  /// Without sync: it would wait for the file system under test.
  void power_off() {
    ::reboot(RB_POWER_OFF);
    std::perror("gridlock-agent: power off");
  }

  Role role_;
  Descriptor port_;
  Descriptor children_;
  Server server_;
  bool connected_ = false;
  std::array<char, 64 * 1024> buffer_{};
};

/// Children's ends arrive as readable events; a host that closes its socket is no reason to die.
Descriptor block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

/// `barriers`: the socket where programs wait, or empty.
int ordinary(int number, const std::string& barriers) {
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) {
    std::fprintf(stderr, "gridlock-agent: descriptor %d: %s\n", number, std::strerror(errno));
    return 2;
  }
  Loop loop(Role::ordinary_process, Descriptor(number), block_signals());
  const std::string wrong = barriers.empty() ? "" : loop.listen_for_waiters(barriers);
  if (!wrong.empty()) {
    std::fprintf(stderr, "gridlock-agent: %s\n", wrong.c_str());
    return 2;
  }
  loop.run();
  return 0;
}

void node_init() {
  std::string wrong = set_up_node();
  const auto add = [&](const std::string& more) {
    if (!more.empty()) wrong += (wrong.empty() ? "" : "; ") + more;
  };
  add(become_real_time());
  Loop loop(Role::node_init, Descriptor(), block_signals());
  add(loop.listen_for_waiters(std::string(wire::kBarrierSocket)));
  std::printf("gridlock-agent: up%s%s\n", wrong.empty() ? "" : ", but ", wrong.c_str());
  std::fflush(stdout);
  while (true) loop.run();
}

}  // namespace
}  // namespace gridlock::agent

int main(int count, char** arguments) {
  using namespace gridlock::agent;
  const bool barriers = count == 5 && std::string_view(arguments[3]) == "--barriers";
  if ((count == 3 || barriers) && std::string_view(arguments[1]) == "--fd") {
    const std::string_view text = arguments[2];
    int number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size() && number > 2)
      return ordinary(number, barriers ? arguments[4] : "");
  }
  if (::getpid() == 1) node_init();
  std::fputs(
      "usage: gridlock-agent --fd NUMBER [--barriers PATH]\n"
      "       (or as PID 1 of a node, without arguments)\n",
      stderr);
  return 2;
}
