// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/members.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>

#include "workloads/files.h"
#include "workloads/work_lines.h"

namespace gridlock::mdio {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};

[[noreturn]] void be(const Member& member) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // In dumps of locks, who only goes along is told from who does the transfers.
  if (member.part == Member::Part::beside)
    ::prctl(PR_SET_NAME, (std::string(::program_invocation_short_name) + "-beside").c_str());
  try {
    member.work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s: %s\n", ::program_invocation_short_name, member.name.c_str(),
                 error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

class Run {
 public:
  Run(Board& board, std::chrono::milliseconds interval, const std::vector<Member>& members)
      : board_(board), interval_(interval), lines_(board), begin_(SteadyClock::now()) {
    for (const Member& member : members) {
      const pid_t child = ::fork();
      if (child < 0) throw_errno("fork");
      if (child == 0) be(member);
      children_[child] = &member;
    }
  }

  bool wait(const sigset_t& signals) {
    auto next = begin_ + interval_;
    reap();
    while (!children_.empty()) {
      // A child may have ended between two looks at the signals; nothing is lost by looking often.
      std::chrono::nanoseconds turn = kLook;
      if (interval_.count() > 0)
        turn = std::min<std::chrono::nanoseconds>(turn, next - SteadyClock::now());
      const auto left = std::max(turn, std::chrono::nanoseconds::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec time{seconds.count(), (left - seconds).count()};
      const int signal = ::sigtimedwait(&signals, nullptr, &time);
      if (signal == SIGTERM) board_.stop_wanted = true;
      reap();
      if (board_.stop_wanted) wake();
      if (interval_.count() == 0 || SteadyClock::now() < next) continue;
      sample();
      next += interval_;
    }
    sample();
    lines_.result();
    return well_;
  }

 private:
  /// A signal may come just before the wait it is to end, so this is done again and again.
  void wake() const {
    for (const auto& [child, member] : children_)
      if (member->waking_signal != 0) ::kill(child, member->waking_signal);
  }

  void sample() {
    if (interval_.count() == 0) return;
    lines_.sample(
        std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin_));
  }

  void reap() {
    int status = 0;
    pid_t child = 0;
    while ((child = ::waitpid(-1, &status, WNOHANG)) > 0) {
      children_.erase(child);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      well_ = false;
      if (WIFSIGNALED(status))
        std::fprintf(stderr, "%s: a process was killed by signal %d\n",
                     ::program_invocation_short_name, WTERMSIG(status));
      // Without one of them the run is not what was asked for.
      board_.stop_wanted = true;
    }
    board_.workers_ended = std::none_of(children_.begin(), children_.end(), [](const auto& entry) {
      return entry.second->part == Member::Part::worker;
    });
  }

  Board& board_;
  std::chrono::milliseconds interval_;
  WorkLines lines_;
  SteadyClock::time_point begin_;
  std::map<pid_t, const Member*> children_;
  bool well_ = true;
};

}  // namespace

bool run_members(Board& board, std::chrono::milliseconds interval,
                 const std::vector<Member>& members) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  // Blocked in the members as well: SIGTERM reaches them as a flag, between two transfers.
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Run(board, interval, members).wait(signals);
}

}  // namespace gridlock::mdio
