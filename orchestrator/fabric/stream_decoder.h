// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace gridlock {

/// An Ethernet frame without checksum, destination address first. Borrowed.
using Frame = std::span<const std::byte>;

/// Cuts QEMU's `stream` framing (4 bytes of length, big endian, then the frame) back into frames,
/// however the bytes arrive. Source: net/stream.c and net_fill_rstate() in QEMU's net/net.c.
class StreamDecoder {
 public:
  static constexpr std::size_t kLengthBytes = 4;
  static constexpr std::size_t kMinFrame = 14;     ///< an Ethernet header
  static constexpr std::size_t kMaxFrame = 65550;  ///< an Ethernet header and 64 KiB

  StreamDecoder();

  /// Where the next bytes read may be put; never empty. Ends the life of frames handed out.
  std::span<std::byte> space();
  /// `count` bytes of space() were filled.
  void filled(std::size_t count);

  /// The next whole frame; absent if more bytes are needed or the stream is bad.
  std::optional<Frame> next();

  /// A length was out of range: where the next frame starts is unknown, for ever.
  bool bad() const { return bad_; }

 private:
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;  ///< first byte not yet handed out
  std::size_t end_ = 0;    ///< behind the last byte received
  bool bad_ = false;
};

/// The length field of a frame of `length` bytes.
void put_length(std::size_t length, std::span<std::byte, StreamDecoder::kLengthBytes> out);

}  // namespace gridlock
