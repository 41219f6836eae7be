// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "fabric/crossing.h"
#include "fabric/stream_decoder.h"
#include "fabric/switch.h"
#include "fabric/tcp_segment.h"
#include "support/frames.h"

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

class CrossingTest : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kService = 21064;
  bool keep(int from, int to, const std::vector<std::byte>& frame) {
    return crossing_.keep(from, to, frame, now_);
  }
  std::vector<std::pair<int, int>> release() {
    std::vector<std::pair<int, int>> ways;
    for (const auto& held : crossing_.release(now_)) ways.emplace_back(held.from, held.to);
    return ways;
  }
  const std::vector<std::byte> syn_ = segment('b', 'a', kService, kSyn);
  const SteadyTime start_{};
  SteadyTime now_ = start_;
  Crossing crossing_{kService};
};

TEST_F(CrossingTest, KeepsTheFirstSynUntilTheOtherDirectionHasOne) {
  EXPECT_TRUE(keep(0, 1, syn_));
  EXPECT_THAT(release(), IsEmpty());
  EXPECT_FALSE(keep(1, 0, syn_));
  EXPECT_THAT(release(), ElementsAre(std::pair(0, 1)));
  EXPECT_FALSE(crossing_.next());
}

TEST_F(CrossingTest, GivesBackTheFrameAsItCame) {
  ASSERT_TRUE(keep(0, 1, syn_));
  now_ += Crossing::kPatience;
  const auto held = crossing_.release(now_);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held.front().frame, syn_);
}

TEST_F(CrossingTest, ASynThatIsNotMetGoesOnWhenItsTimeIsUpAndARetryDoesNotProlongIt) {
  EXPECT_TRUE(keep(0, 1, syn_));
  now_ += Crossing::kPatience - Milliseconds(1);
  EXPECT_TRUE(keep(0, 1, syn_));
  EXPECT_EQ(crossing_.next(), start_ + Crossing::kPatience);
  EXPECT_THAT(release(), IsEmpty());
  now_ += Milliseconds(1);
  EXPECT_THAT(release(), ElementsAre(std::pair(0, 1)));
  EXPECT_FALSE(keep(0, 1, syn_));
}

TEST_F(CrossingTest, LaterConnectionsOfAPairThatMetAreNotTouched) {
  ASSERT_TRUE(keep(0, 1, syn_));
  ASSERT_FALSE(keep(1, 0, syn_));
  ASSERT_THAT(release(), ElementsAre(std::pair(0, 1)));
  EXPECT_FALSE(keep(0, 1, syn_));
  EXPECT_FALSE(keep(1, 0, syn_));
}

TEST_F(CrossingTest, EveryPairMeetsForItself) {
  EXPECT_TRUE(keep(0, 1, syn_));
  EXPECT_TRUE(keep(2, 1, syn_));
  EXPECT_FALSE(keep(1, 0, syn_));
  EXPECT_THAT(release(), ElementsAre(std::pair(0, 1)));
  EXPECT_FALSE(keep(1, 2, syn_));
  EXPECT_THAT(release(), ElementsAre(std::pair(2, 1)));
}

TEST_F(CrossingTest, AnotherMachineMeetsEverybodyForTheFirstTime) {
  ASSERT_TRUE(keep(0, 1, syn_));
  ASSERT_FALSE(keep(1, 0, syn_));
  ASSERT_TRUE(keep(0, 2, syn_));
  crossing_.forget(0);
  now_ += Crossing::kPatience;
  EXPECT_THAT(release(), IsEmpty()) << "it was for a machine that is gone";
  EXPECT_TRUE(keep(0, 1, syn_));
}

TEST_F(CrossingTest, KeepsNothingButAFirstSegmentToTheService) {
  EXPECT_FALSE(keep(0, 1, segment('b', 'a', kService + 1, kSyn)));
  EXPECT_FALSE(keep(0, 1, segment('b', 'a', kService, kSyn | kAck)));
  EXPECT_FALSE(keep(0, 1, segment('b', 'a', kService, kAck)));
  auto udp = syn_;
  udp[14 + 9] = std::byte{17};
  EXPECT_FALSE(keep(0, 1, udp));
  auto arp = syn_;
  arp[13] = std::byte{6};
  EXPECT_FALSE(keep(0, 1, arp));
  auto fragment = syn_;
  fragment[14 + 7] = std::byte{1};
  EXPECT_FALSE(keep(0, 1, fragment));
  for (std::size_t length = 14; length < syn_.size(); ++length)
    EXPECT_FALSE(keep(0, 1, {syn_.begin(), syn_.begin() + static_cast<std::ptrdiff_t>(length)}));
  EXPECT_TRUE(keep(0, 1, syn_));
}

TEST_F(CrossingTest, ReadsBehindIpOptions) {
  auto options = syn_;
  options[14] = std::byte{0x46};
  options.insert(options.begin() + 14 + 20, 4, std::byte{1});
  EXPECT_TRUE(keep(0, 1, options));
  auto beyond = syn_;
  beyond[14] = std::byte{0x4f};
  EXPECT_FALSE(keep(1, 2, beyond));
}

TEST(TcpSegmentTest, SaysItsPortsAndHowMuchItCarries) {
  const auto got = tcp_segment(segment('b', 'a', 21064, kAck, 300));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->to, 21064);
  EXPECT_EQ(got->from, 0);
  EXPECT_EQ(got->flags, kAck);
  EXPECT_EQ(got->payload, 300U);
}

TEST(TcpSegmentTest, PaddingIsNoPayload) {
  auto padded = segment('b', 'a', 21064, kAck);
  padded.resize(60);
  EXPECT_EQ(tcp_segment(padded).value().payload, 0U);
}

TEST(TcpSegmentTest, TcpOptionsAreNoPayload) {
  auto options = segment('b', 'a', 21064, kAck, 12 + 5);
  options[14 + 20 + 12] = std::byte{0x80};
  EXPECT_EQ(tcp_segment(options).value().payload, 5U);
}

TEST(TcpSegmentTest, LengthsThatLieGiveNoMoreThanTheFrameHas) {
  auto longer = segment('b', 'a', 21064, kAck, 10);
  longer[16] = longer[17] = std::byte{0xff};
  EXPECT_EQ(tcp_segment(longer).value().payload, 10U);
  auto shorter = segment('b', 'a', 21064, kAck, 10);
  shorter[16] = shorter[17] = std::byte{0};
  EXPECT_EQ(tcp_segment(shorter).value().payload, 0U);
  auto header = segment('b', 'a', 21064, kAck, 10);
  header[14 + 20 + 12] = std::byte{0xf0};
  EXPECT_EQ(tcp_segment(header).value().payload, 0U);
  header[14 + 20 + 12] = std::byte{0};
  EXPECT_EQ(tcp_segment(header).value().payload, 10U);
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
