// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <utility>

#include "base/event_loop.h"

namespace gridlock {

/// An event loop whose clock stands still until a test, or a wait, moves it. Posted work runs in
/// the order it came; timers run when the clock reaches them, in the order of their times (equal
/// times: in the order they were set). One thread only; nothing ever blocks.
class FakeEventLoop final : public EventLoop {
 public:
  /// Arbitrary but not zero, so that a default-constructed time is never "now".
  static constexpr SteadyTime kStart{std::chrono::hours(1)};

  SteadyTime now() const override { return now_; }
  UtcTime utc() const override {
    return UtcTime{std::chrono::duration_cast<Milliseconds>(now_ - kStart)} +
           std::chrono::seconds(1'800'000'000);
  }

  void post(Task task) override { posted_.push_back(std::move(task)); }

  TimerId after(Milliseconds delay, Task task) override {
    return add(delay, Milliseconds{0}, std::move(task));
  }
  TimerId every(Milliseconds interval, Task task) override {
    return add(interval, interval, std::move(task));
  }
  void cancel(TimerId timer) override {
    readable_.erase(timer);
    for (auto it = timers_.begin(); it != timers_.end(); ++it) {
      if (it->second.id != timer) continue;
      timers_.erase(it);
      return;
    }
  }

  TimerId watch_readable(int descriptor, Task readable) override {
    readable_.emplace(++last_id_, std::pair{descriptor, std::move(readable)});
    return last_id_;
  }

  /// Runs posted work, then jumps from timer to timer. With neither left and the condition still
  /// false, the clock jumps to the deadline; without a deadline that would be a wait for ever, and
  /// it returns `stopped` so that the test fails instead.
  Waited run_until(const std::function<bool()>& condition, Milliseconds limit,
                   std::stop_token stop) override {
    const SteadyTime deadline = limit.count() < 0 ? SteadyTime::max() : now_ + limit;
    while (true) {
      if (condition()) return Waited::done;
      if (stop.stop_requested()) return Waited::stopped;
      if (run_posted()) continue;
      if (timers_.empty() || timers_.begin()->first.first > deadline) {
        if (deadline == SteadyTime::max()) return Waited::stopped;
        now_ = deadline;
        return Waited::deadline;
      }
      run_next_timer();
    }
  }

  /// Lets `time` pass: everything that falls due meanwhile happens.
  void advance(Milliseconds time) {
    run_until([] { return false; }, time, {});
  }
  /// Runs everything posted, without moving the clock.
  void settle() { advance(Milliseconds{0}); }

  /// Acts as if `descriptor` could be read.
  void make_readable(int descriptor) {
    const auto watches = readable_;
    for (const auto& [id, watch] : watches)
      if (watch.first == descriptor && readable_.contains(id)) watch.second();
  }

  std::size_t timers() const { return timers_.size(); }
  std::size_t watches() const { return readable_.size(); }

 private:
  struct Timer {
    TimerId id;
    Milliseconds interval;  ///< zero: once
    Task task;
  };

  TimerId add(Milliseconds delay, Milliseconds interval, Task task) {
    const TimerId id = ++last_id_;
    timers_.emplace(std::pair{now_ + delay, ++order_}, Timer{id, interval, std::move(task)});
    return id;
  }

  bool run_posted() {
    if (posted_.empty()) return false;
    const Task task = std::move(posted_.front());
    posted_.pop_front();
    task();
    return true;
  }

  void run_next_timer() {
    auto next = timers_.extract(timers_.begin());
    now_ = std::max(now_, next.key().first);
    const Task task = next.mapped().task;
    if (next.mapped().interval.count() > 0) {
      next.key() = {now_ + next.mapped().interval, ++order_};
      timers_.insert(std::move(next));
    }
    task();
  }

  SteadyTime now_ = kStart;
  TimerId last_id_ = 0;
  std::uint64_t order_ = 0;
  std::deque<Task> posted_;
  std::map<std::pair<SteadyTime, std::uint64_t>, Timer> timers_;
  std::map<TimerId, std::pair<int, Task>> readable_;
};

}  // namespace gridlock
