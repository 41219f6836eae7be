// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/crossing.h"

#include <algorithm>
#include <utility>

namespace gridlock {
namespace {

constexpr std::size_t kEthernetHeader = 14;

unsigned octet(Frame frame, std::size_t offset) {
  return std::to_integer<unsigned>(frame[offset]);
}

unsigned pair_at(Frame frame, std::size_t offset) {
  return octet(frame, offset) << 8 | octet(frame, offset + 1);
}

/// The first segment of a TCP connection to `service` over IPv4 (RFC 791, 3.1; RFC 9293, 3.1).
bool opens(Frame frame, std::uint16_t service) {
  constexpr unsigned kIpv4 = 0x0800;
  constexpr unsigned kTcp = 6;
  constexpr unsigned kSyn = 0x02;
  constexpr unsigned kAck = 0x10;
  constexpr std::size_t kLeast = kEthernetHeader + 20 + 20;
  if (frame.size() < kLeast || pair_at(frame, 12) != kIpv4) return false;
  const unsigned first = octet(frame, kEthernetHeader);
  if (first >> 4 != 4 || octet(frame, kEthernetHeader + 9) != kTcp) return false;
  const bool later_fragment = (pair_at(frame, kEthernetHeader + 6) & 0x1fff) != 0;
  const std::size_t tcp = kEthernetHeader + (first & 0xf) * std::size_t{4};
  if (later_fragment || (first & 0xf) < 5 || frame.size() < tcp + 20) return false;
  return pair_at(frame, tcp + 2) == service && (octet(frame, tcp + 13) & (kSyn | kAck)) == kSyn;
}

}  // namespace

bool Crossing::keep(int from, int to, Frame frame, SteadyTime now) {
  if (!opens(frame, service_)) return false;
  Pair& pair = pairs_[std::minmax(from, to)];
  if (pair.met) return false;
  if (pair.held && pair.held->from != from) {
    pair.met = true;
    pair.due = now;
    return false;
  }
  if (!pair.held) pair.due = now + kPatience;
  pair.held = Held{from, to, {frame.begin(), frame.end()}};
  return true;
}

std::vector<Crossing::Held> Crossing::release(SteadyTime now) {
  std::vector<Held> free;
  for (auto& [ports, pair] : pairs_) {
    if (!pair.held || pair.due > now) continue;
    free.push_back(*std::exchange(pair.held, {}));
    pair.met = true;
  }
  return free;
}

std::optional<SteadyTime> Crossing::next() const {
  std::optional<SteadyTime> first;
  for (const auto& [ports, pair] : pairs_)
    if (pair.held && (!first || pair.due < *first)) first = pair.due;
  return first;
}

void Crossing::forget(int port) {
  std::erase_if(pairs_, [port](const auto& entry) {
    return entry.first.first == port || entry.first.second == port;
  });
}

}  // namespace gridlock
