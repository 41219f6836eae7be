// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/descriptor.h"
#include "agent/outbox.h"
#include "base/json.h"

namespace gridlock::agent {

/// The programs on this node that wait at a barrier. Each is a connection to a UNIX socket: it says
/// the barrier's name in one line and is answered with one, "go NANOSECONDS" (CLOCK_MONOTONIC to go
/// on at) or "error TEXT". Their number and their lines are bounded; nothing here blocks.
class Waiters {
 public:
  /// Listens at `path`, in place of what was there. Returns an error text or nothing.
  std::string listen(const std::string& path);

  /// Adds the descriptors to wait for.
  void watch(std::vector<pollfd>& polled) const;

  /// Takes who came, reports who waits and who went away.
  void pump(Outbox& outbox);

  /// Answers those of a `release` request that wait still. Returns what is wrong with the request,
  /// or nothing.
  std::string release(const Json& request);

  /// The host is another, or did not hear: everybody who waits is reported again.
  void report_again();

 private:
  struct Waiter {
    Descriptor socket;
    std::string said;     ///< of the line that is not whole yet
    std::string barrier;  ///< empty: not said yet
    bool reported = false;
    bool gone = false;
  };

  void accept_all();
  static void hear(Waiter& waiter);

  Descriptor listener_;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t last_ = 0;
};

}  // namespace gridlock::agent
