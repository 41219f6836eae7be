// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "fabric/stream_decoder.h"

namespace gridlock {

/// What the headers of a TCP segment say.
struct TcpSegment {
  static constexpr unsigned kSyn = 0x02;
  static constexpr unsigned kAck = 0x10;

  std::uint16_t from = 0;   ///< port
  std::uint16_t to = 0;     ///< port
  unsigned flags = 0;       ///< kSyn, kAck, and others
  std::size_t payload = 0;  ///< bytes behind the headers; never more than the frame has
};

/// The segment that `frame`, an Ethernet frame, carries over IPv4; absent: it carries none, or a
/// later fragment of one (RFC 791, 3.1; RFC 9293, 3.1).
std::optional<TcpSegment> tcp_segment(Frame frame);

}  // namespace gridlock
