// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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

  /// Keeps the bytes of a `write` for the job's standard input, as many as there is room for:
  /// `taken`. Returns an error text or nothing.
  std::string write(const Json& request, std::size_t& taken);
  /// Ends a job's input once what was kept has gone in; a terminal hangs up at once, which the
  /// session hears as SIGHUP. Returns an error text or nothing.
  std::string close(const Json& request);
  /// Gives a job's terminal another size. Returns an error text or nothing.
  std::string resize(const Json& request);

  /// The sessions of a job, or of all for 0; absent if there is no such job.
  std::optional<std::set<pid_t>> sessions(std::int64_t process) const;

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
    bool terminal = false;
    Descriptor input;                ///< open while more may be written
    std::string waiting;             ///< to be written to it
    bool input_ends = false;         ///< when nothing waits
    std::uint64_t output_limit = 0;  ///< bytes a stream
    std::optional<int> status;       ///< waitpid's
    std::int64_t reaped_at = 0;
    std::int64_t heard_at = 0;  ///< when it last said anything
  };

  /// The job a request names, if it takes input or has a terminal still.
  Job* with_input(const Json& request);
  static void feed(Job& job);
  static void forward(Job& job, Stream& stream, Outbox& outbox);
  static bool finished(const Job& job, std::int64_t now);
  static Json exit_event(const Job& job);

  std::map<std::uint64_t, Job> jobs_;
};

}  // namespace gridlock::agent
