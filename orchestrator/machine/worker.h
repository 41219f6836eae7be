// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/duration.h"

namespace gridlock {

/// A thread that does one job after the other. Jobs do not throw.
class Worker {
 public:
  Worker();
  /// Drops the jobs that wait, and waits for the one that runs.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void add(std::function<void()> job);

  /// Drops the jobs that wait and waits at most `limit` for the one that runs. False if it goes on.
  bool drain(Milliseconds limit);

 private:
  void run();

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace gridlock
