// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "agent/child.h"
#include "agent/outbox.h"
#include "base/json.h"

namespace gridlock::agent {

/// The requests that touch files, which may hang: each is done by a child that is given up when
/// nothing came from it for 5 s. Reads go on side by side; writes happen one after the other, in
/// the order asked for. What a read finds goes out in pieces, no faster than the host takes them.
class FileJobs {
 public:
  enum class Kind {
    read,
    read_in_parts,  ///< of one that hangs, what it had found is the answer, with a line that says
                    ///< so
    write,          ///< waits for those before it
  };
  /// Begins what a request asks for. Returns an error text or nothing.
  std::string start(const Json& id, Kind kind, FileWork work);

  /// Gives up every read: nobody waits for the answers.
  void forget_reads();

  /// Sends what was found and answers what has ended.
  void pump(Outbox& outbox);

  /// Adds the descriptors to wait for. `room`: the outbox takes more of what is read.
  void watch(std::vector<pollfd>& polled, bool room) const;
  /// CLOCK_MONOTONIC by which pump() is to be called; `latest` if nothing waits.
  std::int64_t next_deadline(std::int64_t latest) const;

 private:
  struct Job {
    Json id;
    Kind kind;
    FileWork work;
    FileWorker worker = {};
    std::string frames = {};  ///< of the pipe, not yet taken apart
    std::string found = {};   ///< not yet sent
    char end = '\0';          ///< the kind of its last frame
    std::string error = {};
    std::int64_t deadline = 0;
  };

  static void begin(Job& job);
  /// True if it has been answered.
  static bool advance(Job& job, Outbox& outbox);
  static void take_apart(Job& job);
  static bool give_up(Job& job, Outbox& outbox);

  std::vector<Job> reads_;
  std::deque<Job> writes_;
};

}  // namespace gridlock::agent
