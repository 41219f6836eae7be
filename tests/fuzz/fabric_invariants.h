// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for the fabric's stream decoder whatever a node's QEMU sends. Shared by the fuzz
// target and the unit test that replays its seeds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "fabric/crossing.h"
#include "fabric/stream_decoder.h"
#include "fabric/switch.h"
#include "fabric/tcp_segment.h"

namespace gridlock::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

struct Decoded {
  std::vector<std::vector<std::byte>> frames;
  bool bad = false;
  bool operator==(const Decoded&) const = default;
};

/// Feeds `stream` in pieces of at most `piece` bytes.
inline Decoded decode(std::span<const std::byte> stream, std::size_t piece) {
  StreamDecoder decoder;
  Decoded decoded;
  while (!stream.empty() && !decoder.bad()) {
    const auto space = decoder.space();
    require(!space.empty(), "there is always space");
    const std::size_t count = std::min({piece, space.size(), stream.size()});
    std::copy_n(stream.begin(), count, space.begin());
    decoder.filled(count);
    stream = stream.subspan(count);
    while (const auto frame = decoder.next()) {
      require(frame->size() >= StreamDecoder::kMinFrame, "no frame is too short");
      require(frame->size() <= StreamDecoder::kMaxFrame, "no frame is too long");
      decoded.frames.emplace_back(frame->begin(), frame->end());
    }
  }
  decoded.bad = decoder.bad();
  return decoded;
}

/// Any split of the bytes gives the same frames; a switch that gets them sends none back and
/// remembers no more than it may. Returns what was decoded.
inline Decoded check_stream(std::span<const std::byte> stream) {
  constexpr int kPorts = 3;
  const Decoded whole = decode(stream, stream.size());
  for (const std::size_t piece : {1U, 3U, 5U, 4096U})
    require(decode(stream, piece) == whole, "a split changes nothing");

  Switch ports;
  for (int i = 0; i < kPorts; ++i) ports.add_port();
  Crossing crossing(21064);
  SteadyTime now;
  std::size_t kept = 0;
  int from = 0;
  for (const auto& frame : whole.frames) {
    from = (from + 1) % kPorts;
    if (const auto segment = tcp_segment(frame))
      require(segment->payload < frame.size(), "a payload is a part of its frame");
    for (const int to : ports.route(from, frame)) {
      require(to != from && to >= 0 && to < kPorts, "a frame goes to other ports only");
      kept += crossing.keep(from, to, frame, now) ? 1 : 0;
    }
    require(ports.address_count() <= kPorts * Switch::kAddressesPerPort, "the table is bounded");
  }
  require(crossing.next().has_value() == (kept > 0), "what is kept has an end");
  now += Crossing::kPatience;
  const auto held = crossing.release(now).size();
  require(held <= kept && held <= kPorts * (kPorts - 1) / 2, "one frame a pair is kept");
  require(!crossing.next(), "nothing is kept for ever");
  return whole;
}

}  // namespace gridlock::fuzz
