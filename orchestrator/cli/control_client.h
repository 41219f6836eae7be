// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/wire.h"
#include "base/duration.h"
#include "base/json.h"
#include "host/descriptor.h"

namespace gridlock {

/// The other end of a run's control socket (docs/looking.md). Blocking; every wait ends with the
/// connection and when a stop is requested.
class ControlClient {
 public:
  /// Throws Error if nobody listens there.
  ControlClient(const std::filesystem::path& socket, std::stop_token stop);

  /// Throws Error if the run went away.
  void say(const Json& line);
  /// The next line; absent if none comes within `limit`. Throws Error if the run went away,
  /// Cancelled if stopped.
  std::optional<Json> hear(Milliseconds limit);
  /// Takes the next line that is there without waiting.
  std::optional<Json> take();
  /// Reads what has come. Throws Error if the run went away.
  void read();
  /// Asks and waits for the answer. Throws UsageError with what the desk says if it refuses.
  Json ask(const Json& request, Milliseconds limit);

  const Descriptor& descriptor() const { return socket_; }

 private:
  Descriptor socket_;
  std::stop_token stop_;
  wire::LineSplitter lines_{16 << 20};
  std::deque<Json> heard_;
};

}  // namespace gridlock
