// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/tcp_segment.h"

#include <algorithm>

namespace gridlock {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kLeastIpHeader = 20;
constexpr std::size_t kLeastTcpHeader = 20;

unsigned octet(Frame frame, std::size_t offset) {
  return std::to_integer<unsigned>(frame[offset]);
}

unsigned pair_at(Frame frame, std::size_t offset) {
  return octet(frame, offset) << 8 | octet(frame, offset + 1);
}

/// `whole` less `part`, or 0.
std::size_t rest(std::size_t whole, std::size_t part) { return whole > part ? whole - part : 0; }

}  // namespace

std::optional<TcpSegment> tcp_segment(Frame frame) {
  constexpr unsigned kIpv4 = 0x0800;
  constexpr unsigned kTcp = 6;
  constexpr std::size_t kIp = kEthernetHeader;
  if (frame.size() < kIp + kLeastIpHeader + kLeastTcpHeader || pair_at(frame, 12) != kIpv4)
    return std::nullopt;
  const unsigned version = octet(frame, kIp) >> 4;
  const std::size_t ip_header = (octet(frame, kIp) & 0xf) * std::size_t{4};
  const bool later_fragment = (pair_at(frame, kIp + 6) & 0x1fff) != 0;
  const std::size_t tcp = kIp + ip_header;
  if (version != 4 || octet(frame, kIp + 9) != kTcp || later_fragment ||
      ip_header < kLeastIpHeader || frame.size() < tcp + kLeastTcpHeader)
    return std::nullopt;
  TcpSegment segment;
  segment.from = static_cast<std::uint16_t>(pair_at(frame, tcp));
  segment.to = static_cast<std::uint16_t>(pair_at(frame, tcp + 2));
  segment.flags = octet(frame, tcp + 13);
  // A short frame is padded to 60 bytes, so IP's own length counts.
  const std::size_t packet = std::min<std::size_t>(pair_at(frame, kIp + 2), frame.size() - kIp);
  const std::size_t tcp_header = (octet(frame, tcp + 12) >> 4) * std::size_t{4};
  segment.payload = rest(packet, ip_header + std::max(tcp_header, kLeastTcpHeader));
  return segment;
}

}  // namespace gridlock
