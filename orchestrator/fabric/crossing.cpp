// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/crossing.h"

#include <algorithm>
#include <utility>

#include "fabric/tcp_segment.h"

namespace gridlock {
namespace {

/// The first segment of a TCP connection to `service`.
bool opens(Frame frame, std::uint16_t service) {
  const auto segment = tcp_segment(frame);
  return segment && segment->to == service &&
         (segment->flags & (TcpSegment::kSyn | TcpSegment::kAck)) == TcpSegment::kSyn;
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
