// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "fabric/stream_decoder.h"

namespace gridlock {

/// Makes two nodes that open a connection to each other at about the same time always cross: the
/// first TCP SYN between two ports waits for the one of the other direction.
///
/// The DLM opens one connection to each member (dlm_recover_members() in fs/dlm/member.c). A node
/// that accepts before it has connected uses the accepted one for both directions, any other keeps
/// both (`othercon` in accept_from_sock(), fs/dlm/lowcomms.c). Which of them a lab gets would be
/// decided by microseconds, and with it which locks the end of the connection takes; so labs of two
/// kernels could not be compared. With both SYNs on their way each node has connected first.
class Crossing {
 public:
  /// How long a SYN waits for the other one. A node that retries its SYN within that time changes
  /// nothing; a peer that never connects costs this once.
  static constexpr Milliseconds kPatience{2000};

  /// `service`: the TCP port that is connected to.
  explicit Crossing(std::uint16_t service) : service_(service) {}

  struct Held {
    int from = 0;  ///< switch port
    int to = 0;    ///< switch port
    std::vector<std::byte> frame;
  };

  /// True: `frame`, on its way between two switch ports, was kept and comes back from release().
  bool keep(int from, int to, Frame frame, SteadyTime now);

  /// The kept frames that are to go on now.
  std::vector<Held> release(SteadyTime now);

  /// When release() has the next one.
  std::optional<SteadyTime> next() const;

  /// Another machine is behind `port` now: it meets everybody for the first time.
  void forget(int port);

 private:
  struct Pair {
    bool met = false;
    SteadyTime due;
    std::optional<Held> held;
  };
  std::uint16_t service_;
  std::map<std::pair<int, int>, Pair> pairs_;  ///< by the lower and the higher switch port
};

}  // namespace gridlock
