// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "fabric/stream_decoder.h"
#include "fabric/switch.h"

namespace gridlock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Octets = std::array<std::uint8_t, 6>;
constexpr Octets kA{0x52, 0x54, 0, 0, 0, 0xa};
constexpr Octets kB{0x52, 0x54, 0, 0, 0, 0xb};
constexpr Octets kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr Octets kMulticast{0x01, 0x00, 0x5e, 0, 0, 1};

std::vector<std::byte> frame(const Octets& to, const Octets& from, std::size_t length = 60) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = std::byte{to.at(i)};
    bytes[6 + i] = std::byte{from.at(i)};
  }
  return bytes;
}

class SwitchOfThree : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(switch_.add_port(), i);
  }
  Switch switch_;
};

TEST_F(SwitchOfThree, FloodsToAnUnknownAddressButNotBack) {
  EXPECT_THAT(switch_.route(1, frame(kB, kA)), ElementsAre(0, 2));
}

TEST_F(SwitchOfThree, SendsToAKnownAddressOnly) {
  (void)switch_.route(0, frame(kB, kA));
  EXPECT_THAT(switch_.route(2, frame(kA, kB)), ElementsAre(0));
  EXPECT_THAT(switch_.route(0, frame(kB, kA)), ElementsAre(2));
}

TEST_F(SwitchOfThree, SendsGroupAddressesToAllOthers) {
  (void)switch_.route(0, frame(kBroadcast, kA));
  EXPECT_THAT(switch_.route(0, frame(kBroadcast, kA)), ElementsAre(1, 2));
  EXPECT_THAT(switch_.route(0, frame(kMulticast, kA)), ElementsAre(1, 2));
}

TEST_F(SwitchOfThree, NeverLearnsAGroupAddress) {
  (void)switch_.route(1, frame(kA, kMulticast));
  EXPECT_EQ(switch_.address_count(), 0U);
  EXPECT_THAT(switch_.route(0, frame(kMulticast, kA)), ElementsAre(1, 2));
}

TEST_F(SwitchOfThree, KeepsFramesBetweenAddressesOfOnePort) {
  (void)switch_.route(1, frame(kBroadcast, kA));
  EXPECT_THAT(switch_.route(1, frame(kA, kB)), IsEmpty());
}

TEST_F(SwitchOfThree, FollowsAnAddressToAnotherPort) {
  (void)switch_.route(0, frame(kBroadcast, kA));
  (void)switch_.route(2, frame(kBroadcast, kA));
  EXPECT_THAT(switch_.route(1, frame(kA, kB)), ElementsAre(2));
  EXPECT_EQ(switch_.address_count(), 2U);
}

TEST_F(SwitchOfThree, ForgetsAPort) {
  (void)switch_.route(0, frame(kBroadcast, kA));
  (void)switch_.route(1, frame(kBroadcast, kB));
  switch_.forget(0);
  EXPECT_THAT(switch_.route(1, frame(kA, kB)), ElementsAre(0, 2));
  EXPECT_THAT(switch_.route(2, frame(kB, kA)), ElementsAre(1));
}

TEST_F(SwitchOfThree, ANodeThatInventsAddressesPushesOutOnlyItsOwn) {
  (void)switch_.route(0, frame(kBroadcast, kA));
  for (int i = 0; i < 1000; ++i) {
    const Octets invented{
        0x02, 0, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i & 0xff)};
    (void)switch_.route(1, frame(kBroadcast, invented));
  }
  EXPECT_EQ(switch_.address_count(), Switch::kAddressesPerPort + 1);
  EXPECT_THAT(switch_.route(2, frame(kA, kB)), ElementsAre(0));
}

void feed(StreamDecoder& decoder, const std::vector<std::byte>& bytes) {
  const auto space = decoder.space();
  ASSERT_GE(space.size(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), space.begin());
  decoder.filled(bytes.size());
}

std::vector<std::byte> framed(const std::vector<std::byte>& body, std::size_t length) {
  std::vector<std::byte> bytes(StreamDecoder::kLengthBytes);
  put_length(length, std::span<std::byte, 4>(bytes.data(), 4));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

TEST(StreamDecoderTest, TakesAnEthernetHeaderAndTheLongestFrame) {
  for (const std::size_t length : {StreamDecoder::kMinFrame, StreamDecoder::kMaxFrame}) {
    StreamDecoder decoder;
    const auto body = frame(kB, kA, length);
    feed(decoder, framed(body, length));
    const auto got = decoder.next();
    ASSERT_TRUE(got);
    EXPECT_TRUE(std::equal(got->begin(), got->end(), body.begin(), body.end()));
    EXPECT_FALSE(decoder.next());
    EXPECT_FALSE(decoder.bad());
  }
}

TEST(StreamDecoderTest, IsBadForEverAfterALengthOutOfRange) {
  for (const std::size_t length : {std::size_t{0}, StreamDecoder::kMinFrame - 1,
                                   StreamDecoder::kMaxFrame + 1, std::size_t{0xffffffff}}) {
    StreamDecoder decoder;
    feed(decoder, framed({}, length));
    EXPECT_FALSE(decoder.next());
    EXPECT_TRUE(decoder.bad());
    feed(decoder, framed(frame(kB, kA), 60));
    EXPECT_FALSE(decoder.next());
  }
}

TEST(StreamDecoderTest, WritesALengthBigEndian) {
  EXPECT_THAT(framed({}, 0x01020304),
              ElementsAre(std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}));
}

}  // namespace
}  // namespace gridlock
