// SPDX-License-Identifier: GPL-2.0-or-later
// Ethernet frames as nodes send them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gridlock {

inline constexpr unsigned kSyn = 0x02;
inline constexpr unsigned kAck = 0x10;
/// Behind the Ethernet header: an IPv4 header and a TCP header.
inline constexpr std::size_t kSegmentBody = 40;

/// A TCP segment with `data` bytes to `service`, from the node named by one letter to another.
inline std::vector<std::byte> segment(char to, char from, unsigned service, unsigned flags,
                                      std::size_t data = 0) {
  std::vector<std::byte> frame(14 + kSegmentBody + data);
  const auto put = [&](std::size_t offset, unsigned value) {
    frame[offset] = static_cast<std::byte>(value & 0xff);
  };
  const auto address = [&](std::size_t offset, char node) {
    put(offset, 0x52);
    put(offset + 1, 0x54);
    put(offset + 5, static_cast<unsigned char>(node));
  };
  address(0, to);
  address(6, from);
  put(12, 0x08);
  constexpr std::size_t kIp = 14;
  put(kIp, 0x45);
  const auto packet = static_cast<unsigned>(kSegmentBody + data);
  put(kIp + 2, packet >> 8);
  put(kIp + 3, packet);
  put(kIp + 9, 6);
  constexpr std::size_t kTcp = kIp + 20;
  put(kTcp + 2, service >> 8);
  put(kTcp + 3, service);
  put(kTcp + 12, 0x50);
  put(kTcp + 13, flags);
  return frame;
}

}  // namespace gridlock
