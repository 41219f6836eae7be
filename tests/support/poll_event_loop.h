// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "host/descriptor.h"

namespace gridlock {

/// A real event loop, on the thread that calls run_until, for tests of rooms below `trial`.
class PollEventLoop final : public EventLoop {
 public:
  SteadyTime now() const override { return clock_.now(); }
  UtcTime utc() const override { return clock_.utc(); }

  void post(Task task) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
  }

  TimerId after(Milliseconds delay, Task task) override {
    timers_[++last_] = {now() + delay, Milliseconds{-1}, std::move(task)};
    return last_;
  }
  TimerId every(Milliseconds interval, Task task) override {
    timers_[++last_] = {now() + interval, interval, std::move(task)};
    return last_;
  }
  TimerId watch_readable(int descriptor, Task readable) override {
    watches_[++last_] = {descriptor, std::move(readable)};
    return last_;
  }
  void cancel(TimerId timer) override {
    timers_.erase(timer);
    watches_.erase(timer);
  }

  Waited run_until(const std::function<bool()>& condition, Milliseconds limit,
                   std::stop_token stop) override {
    const auto deadline = now() + limit;
    const std::stop_callback wake_up(stop, [this] { post([] {}); });
    while (!condition()) {
      if (stop.stop_requested()) return Waited::stopped;
      const bool bounded = limit >= Milliseconds{0};
      if (bounded && now() >= deadline) return Waited::deadline;
      turn(bounded ? deadline : SteadyTime::max());
    }
    return Waited::done;
  }

 private:
  struct Timer {
    SteadyTime at;
    Milliseconds interval;  ///< negative: once
    Task task;
  };

  void turn(SteadyTime until) {
    for (const auto& [id, timer] : timers_) until = std::min(until, timer.at);
    std::vector<pollfd> polled{{wake_.get(), POLLIN, 0}};
    std::vector<TimerId> ids{0};
    for (const auto& [id, watch] : watches_) {
      polled.push_back({watch.first, POLLIN, 0});
      ids.push_back(id);
    }
    int patience = -1;
    if (until != SteadyTime::max()) {
      const auto left = std::chrono::ceil<Milliseconds>(until - now()).count();
      patience = static_cast<int>(std::clamp<long>(left, 0, 60'000));
    }
    ::poll(polled.data(), polled.size(), patience);
    run_posted();
    run_timers();
    for (std::size_t i = 1; i < polled.size(); ++i) {
      const auto found = watches_.find(ids[i]);
      if (polled[i].revents == 0 || found == watches_.end()) continue;
      const Task task = found->second.second;
      task();
    }
  }

  void run_posted() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof(count));
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(posted_);
    }
    for (const auto& task : tasks) task();
  }

  void run_timers() {
    std::vector<TimerId> due;
    for (const auto& [id, timer] : timers_)
      if (timer.at <= now()) due.push_back(id);
    for (const TimerId id : due) {
      const auto found = timers_.find(id);
      if (found == timers_.end()) continue;
      const Task task = found->second.task;
      if (found->second.interval < Milliseconds{0})
        timers_.erase(found);
      else
        found->second.at = now() + found->second.interval;
      task();
    }
  }

  SystemClock clock_;
  Descriptor wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::mutex mutex_;  ///< guards posted_
  std::vector<Task> posted_;
  std::map<TimerId, Timer> timers_;
  std::map<TimerId, std::pair<int, Task>> watches_;
  TimerId last_ = 0;
};

}  // namespace gridlock
