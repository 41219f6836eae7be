// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/progress.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

using SteadyClock = std::chrono::steady_clock;

void write_all(int descriptor, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t count = ::write(descriptor, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

void print_sample(const Counters& counters, SteadyClock::time_point start) {
  const auto passed =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start);
  const auto field = [](const char* name, std::uint64_t value) {
    return std::string(",\"") + name + "\":" + std::to_string(value);
  };
  print_line("{\"t_ms\":" + std::to_string(passed.count()) +
             field("operations", counters.operations) + field("bytes", counters.bytes) +
             field("short", counters.short_transfers) + field("errors", counters.errors) +
             field("bad", counters.bad) + field("nonresident", counters.nonresident) + "}");
}

[[noreturn]] void be_worker(int result, const std::function<std::string()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    write_all(result, work() + "\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mmap-dio: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

/// Prints samples until the child has ended.
void sample(Counters& counters, std::chrono::milliseconds interval, const sigset_t& signals) {
  const auto start = SteadyClock::now();
  auto next = start + interval;
  while (true) {
    const auto left = std::max(next - SteadyClock::now(), SteadyClock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec time{seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
    const int signal = ::sigtimedwait(&signals, nullptr, &time);
    if (signal == SIGTERM) counters.stop_wanted = true;
    if (signal == SIGCHLD) break;
    if (signal >= 0 || SteadyClock::now() < next) continue;
    print_sample(counters, start);
    next += interval;
  }
  print_sample(counters, start);
}

}  // namespace

void print_line(const std::string& line) { write_all(1, line + "\n"); }

Counters& shared_counters() {
  void* const memory =
      ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("shared memory");
  return *new (memory) Counters;
}

bool run_sampled(Counters& counters, std::chrono::milliseconds interval,
                 const std::function<std::string()>& work) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  // Blocked in the worker as well: SIGTERM reaches it as a flag, between two transfers.
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  int result[2];
  if (::pipe2(result, O_CLOEXEC) != 0) throw_errno("pipe");
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) be_worker(result[1], work);
  ::close(result[1]);
  sample(counters, interval, signals);
  std::string line(64 * 1024, '\0');
  const ssize_t count = ::read(result[0], line.data(), line.size());
  ::close(result[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (count <= 0) return false;
  write_all(1, std::string_view(line).substr(0, static_cast<std::size_t>(count)));
  return true;
}

std::string to_json(const std::optional<BadSector>& bad, std::uint64_t base) {
  if (!bad) return "null";
  return "{\"offset\":" + std::to_string(base + bad->offset) + ",\"what\":\"" + bad->what +
         "\",\"expected\":\"" + bad->expected + "\",\"found\":\"" + bad->found + "\"}";
}

}  // namespace gridlock::mdio
