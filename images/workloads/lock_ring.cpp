// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/lock_ring.h"

#include <fcntl.h>
#include <sys/time.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>

#include "base/histogram.h"
#include "workloads/files.h"
#include "workloads/ping_cells.h"
#include "workloads/ping_state.h"

namespace gridlock::lock_ping {
namespace {

using SteadyClock = std::chrono::steady_clock;

int set_lock(const mdio::File& file, short type, std::uint64_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = 1;
  return ::fcntl(file.get(), F_SETLKW, &lock);
}

/// The waking signal, first when the time is up and then again and again: it may come just before
/// the wait it is to end. Not earlier: an interrupted wait loses its place in the queue, which
/// would be something else than what is measured. In a kernel whose DLM lets only a fatal signal
/// interrupt the wait (dlm_posix_lock() in fs/dlm/plock.c, 6.1) it does not help, and need not:
/// whoever ends gives up its locks, so the next one gets its own and sees that it is time.
class EndTimer {
 public:
  explicit EndTimer(std::chrono::milliseconds after) {
    constexpr timeval kAgain{0, 50'000};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(after);
    const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(after - seconds);
    const itimerval times{kAgain, {seconds.count(), rest.count()}};
    if (::setitimer(ITIMER_REAL, &times, nullptr) != 0) mdio::throw_errno("setitimer");
  }
  ~EndTimer() { ::signal(kWakingSignal, SIG_IGN); }
  EndTimer(const EndTimer&) = delete;
  EndTimer& operator=(const EndTimer&) = delete;
};

class Ring {
 public:
  Ring(const Options& options, mdio::Board& board, std::uint64_t process,
       mdio::WorkerCounters& counters)
      : options_(options),
        board_(board),
        counters_(counters),
        reader_("node" + std::to_string(options.node) + " " + counters.name.data()),
        locks_(options.lock_path(), O_RDWR) {
    if (options.data == Data::none) return;
    cells_.emplace(options);
    state_ =
        PingState::load(options.state_path(options.node, process), options.seed, options.locks);
  }

  void run() {
    end_ = SteadyClock::now() + options_.duration;
    const EndTimer timer(options_.duration);
    try {
      go_round();
    } catch (const std::exception& error) {
      fail(error.what());
    }
  }

  const PingState& state() const { return state_; }

 private:
  bool ended() const { return board_.stop_wanted || SteadyClock::now() >= end_; }

  void go_round() {
    if (!take(0)) return;
    for (std::uint64_t held = 0; !ended();) {
      const std::uint64_t next = (held + 1) % options_.locks;
      if (!take(next)) return;
      if (set_lock(locks_, F_UNLCK, held) != 0) mdio::throw_errno("unlocking " + locks_.path());
      held = next;
    }
  }

  /// Returns false if the end came first.
  bool take(std::uint64_t lock) {
    const auto begin = SteadyClock::now();
    while (set_lock(locks_, F_WRLCK, lock) != 0) {
      if (errno != EINTR) mdio::throw_errno("locking " + locks_.path());
      if (ended()) return false;
      counters_.retries.add(1);
    }
    const auto took =
        std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - begin);
    counters_.latency[histogram::bucket_of(static_cast<std::uint64_t>(took.count()))].add(1);
    counters_.operations.add(1);
    if (cells_) count_up(lock);
    return true;
  }

  void count_up(std::uint64_t lock) {
    Tally& tally = state_.counters[lock];
    const std::uint64_t found = cells_->read(lock);
    if (found < tally.last) {
      counters_.bad.add(1);
      counters_.first_bad.set(Bad{options_.data_path(), lock * kCell, "stale or lost update",
                                  "at least " + std::to_string(tally.last), std::to_string(found),
                                  reader_}
                                  .json());
    }
    cells_->write(lock, found + 1);
    tally.last = found + 1;
    ++tally.added;
  }

  void fail(const std::string& why) {
    counters_.errors.add(1);
    counters_.first_error.set(reader_ + ": " + why);
  }

  const Options& options_;
  mdio::Board& board_;
  mdio::WorkerCounters& counters_;
  std::string reader_;
  mdio::File locks_;
  std::optional<Cells> cells_;
  PingState state_;
  SteadyClock::time_point end_;
};

}  // namespace

void catch_waking_signal() {
  struct sigaction action {};
  // Without SA_RESTART, so that what waits ends with EINTR.
  action.sa_handler = [](int) {};
  sigset_t waking;
  ::sigemptyset(&waking);
  ::sigaddset(&waking, kWakingSignal);
  if (::sigaction(kWakingSignal, &action, nullptr) != 0 ||
      ::sigprocmask(SIG_UNBLOCK, &waking, nullptr) != 0)
    mdio::throw_errno("catching a signal");
}

void run_ring(const Options& options, mdio::Board& board, std::uint64_t process,
              mdio::WorkerCounters& counters) {
  PingState state;
  {
    Ring ring(options, board, process, counters);
    ring.run();
    state = ring.state();
  }
  // Its locks are given up by now: nobody has to wait until this is on disk.
  if (options.data != Data::none)
    state.save(options.state_path(options.node, process), options.seed);
}

}  // namespace gridlock::lock_ping
