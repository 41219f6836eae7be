// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/stream_decoder.h"

#include <algorithm>

#include "base/error.h"

namespace gridlock {
namespace {

/// Holds the longest frame and still takes a good-sized read behind part of it.
constexpr std::size_t kBufferSize = 4 * 65536;

std::size_t length_at(const std::byte* at) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < StreamDecoder::kLengthBytes; ++i)
    length = length << 8 | std::to_integer<std::size_t>(at[i]);
  return length;
}

}  // namespace

StreamDecoder::StreamDecoder() : buffer_(kBufferSize) {}

std::span<std::byte> StreamDecoder::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (buffer_.size() - begin_ < kLengthBytes + kMaxFrame || end_ == buffer_.size()) {
    std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
    end_ -= begin_;
    begin_ = 0;
  }
  GRIDLOCK_CHECK(end_ < buffer_.size(), "frames must be taken out before more bytes are read");
  return std::span(buffer_).subspan(end_);
}

void StreamDecoder::filled(std::size_t count) {
  GRIDLOCK_CHECK(count <= buffer_.size() - end_, "more bytes than there was space");
  end_ += count;
}

std::optional<Frame> StreamDecoder::next() {
  if (bad_ || end_ - begin_ < kLengthBytes) return std::nullopt;
  const std::size_t length = length_at(buffer_.data() + begin_);
  if (length < kMinFrame || length > kMaxFrame) {
    bad_ = true;
    return std::nullopt;
  }
  if (end_ - begin_ < kLengthBytes + length) return std::nullopt;
  const Frame frame(buffer_.data() + begin_ + kLengthBytes, length);
  begin_ += kLengthBytes + length;
  return frame;
}

void put_length(std::size_t length, std::span<std::byte, StreamDecoder::kLengthBytes> out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>(length >> (8 * (out.size() - 1 - i)) & 0xff);
}

}  // namespace gridlock
