// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "base/json.h"

namespace gridlock::agent {

/// The answer to the request `id`: ok if `error` is empty, with `members`.
Json answer_to(const Json& id, const std::string& error, const Json& members = Json::object());

/// What waits to be written to the host. Bounded: a host that does not read costs messages, never
/// memory and never a blocked agent.
class Outbox {
 public:
  /// Above this, jobs are not asked for more output while the host still reads.
  static constexpr std::size_t kEnough = 512 * 1024;
  /// Above this, what jobs say is dropped.
  static constexpr std::size_t kOutputLimit = 2 * 1024 * 1024;
  /// Above this, answers and events are dropped as well.
  static constexpr std::size_t kLimit = 4 * 1024 * 1024;

  /// Queues a message; false if there was no room.
  bool add(const Json& message, std::size_t limit = kLimit);

  /// Writes to the non-blocking `descriptor` as much as it takes. True if anything went.
  bool flush(int descriptor);

  /// Forgets everything but the rest of a line that has begun.
  void clear();

  std::size_t size() const { return size_; }
  bool empty() const { return lines_.empty(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::deque<std::string> lines_;
  std::size_t size_ = 0;     ///< bytes in lines_
  std::size_t written_ = 0;  ///< bytes of the first line that are out
  std::uint64_t dropped_ = 0;
};

}  // namespace gridlock::agent
