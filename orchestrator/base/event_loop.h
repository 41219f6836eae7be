// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/duration.h"

namespace gridlock {

/// Why EventLoop::run_until came back.
enum class Waited { done, deadline, stopped };

/// The one thread that owns a lab's state. Everything but `post` is called on that thread;
/// other threads post work and change nothing themselves.
class EventLoop : public Clock {
 public:
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;

  /// Runs `task` soon on the loop's thread. From any thread.
  virtual void post(Task task) = 0;

  /// Runs `task` once, `delay` from now.
  virtual TimerId after(Milliseconds delay, Task task) = 0;
  /// Runs `task` every `interval`, first after one interval.
  virtual TimerId every(Milliseconds interval, Task task) = 0;
  /// Nothing happens if the timer is gone.
  virtual void cancel(TimerId timer) = 0;

  /// Calls `readable` while `descriptor` has something to read or has hung up.
  virtual TimerId watch_readable(int descriptor, Task readable) = 0;

  /// Handles events until `condition` holds, `limit` has passed or `stop` was requested; the
  /// condition is looked at after every event. A negative limit waits without a deadline and is
  /// for waits whose end is guaranteed elsewhere.
  virtual Waited run_until(const std::function<bool()>& condition, Milliseconds limit,
                           std::stop_token stop) = 0;
};

}  // namespace gridlock
