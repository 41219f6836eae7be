// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/descriptor.h"
#include "agent/outbox.h"
#include "base/json.h"

namespace gridlock::agent {

/// The programs the host asked to run. Each has a session of its own, ordinary scheduling and
/// pipes that never block the agent.
class Jobs {
 public:
  /// Starts the job of a `run` request. Returns what is wrong with the request, or nothing; a
  /// program that cannot be started is told by an `exit` event.
  std::string start(const Json& request);

  /// Sends a signal; returns an error text or nothing.
  std::string signal(const Json& request);

  /// A child ended, with waitpid's status. False if it is none of ours.
  bool reaped(pid_t pid, int status);

  /// Adds the descriptors to wait for. `more` false: jobs are not asked for output now.
  void watch(std::vector<pollfd>& polled, bool more) const;

  /// Forwards what was said and finishes what has ended. `now` is CLOCK_MONOTONIC.
  void pump(Outbox& outbox, bool more, std::int64_t now);

  /// True if an ended job waits for the rest of its output.
  bool ending() const;
  void kill_all();

 private:
  struct Stream {
    const char* name;
    Descriptor pipe;
    std::uint64_t forwarded = 0;  ///< bytes
    std::uint64_t dropped = 0;    ///< bytes
  };
  struct Job {
    std::uint64_t process = 0;  ///< the host's number
    pid_t pid = -1;
    Descriptor failure;  ///< says why the program could not be started
    std::string error;
    std::vector<Stream> streams;
    std::uint64_t output_limit = 0;  ///< bytes a stream
    std::optional<int> status;       ///< waitpid's
    std::int64_t reaped_at = 0;
    std::int64_t heard_at = 0;  ///< when it last said anything
  };

  static void forward(Job& job, Stream& stream, Outbox& outbox);
  static bool finished(const Job& job, std::int64_t now);
  static Json exit_event(const Job& job);

  std::map<std::uint64_t, Job> jobs_;
};

}  // namespace gridlock::agent
