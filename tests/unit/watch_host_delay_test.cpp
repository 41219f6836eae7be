// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/host_delay.h"

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include "watch/pace.h"

namespace gridlock {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kFirst{1};
constexpr NodeId kSecond{2};

SteadyTime at(std::chrono::milliseconds time) { return SteadyTime{} + 1h + time; }

/// A machine whose only thread used so much.
ThreadTimes used(std::chrono::nanoseconds ran, std::chrono::nanoseconds waited) {
  return {{100, {ran, waited}}};
}

TEST(HostDelay, IsOneOnAHostThatHasProcessorsForAll) {
  HostDelay delay;
  EXPECT_EQ(delay.since(at(0s)), 1);
  delay.note(kFirst, at(0s), used(5s, 3s));
  EXPECT_EQ(delay.since(at(0s)), 1);
  delay.note(kFirst, at(10s), used(15s, 3s));
  EXPECT_EQ(delay.since(at(0s)), 1);
}

TEST(HostDelay, IsHowMuchLongerAMachineTakesForWhatItDoes) {
  HostDelay delay;
  delay.note(kFirst, at(0s), used(5s, 3s));
  delay.note(kFirst, at(10s), used(7s, 11s));
  EXPECT_NEAR(delay.since(at(0s)), 5, 0.5);
}

TEST(HostDelay, IsOfTheTimeThatIsAskedFor) {
  HostDelay delay;
  delay.note(kFirst, at(0s), used(0s, 0s));
  delay.note(kFirst, at(10s), used(1s, 9s));
  delay.note(kFirst, at(20s), used(11s, 9s));
  EXPECT_GT(delay.since(at(0s)), 1.5);
  EXPECT_EQ(delay.since(at(10s)), 1);
  EXPECT_EQ(delay.since(at(30s)), 1);
}

TEST(HostDelay, IsThatOfTheNodeThatIsHeldBackMost) {
  HostDelay delay;
  for (const NodeId node : {kFirst, kSecond}) delay.note(node, at(0s), used(0s, 0s));
  delay.note(kFirst, at(10s), used(10s, 0s));
  delay.note(kSecond, at(10s), used(5s, 5s));
  EXPECT_NEAR(delay.since(at(0s)), 2, 0.1);
  // A machine that is no more is not heard of again.
  delay.note(kFirst, at(20s), used(20s, 0s));
  EXPECT_EQ(delay.since(at(10s)), 1);
}

TEST(HostDelay, MakesNothingOfTheMomentsOfAMachineThatSleeps) {
  HostDelay delay;
  delay.note(kFirst, at(0s), used(0s, 0s));
  delay.note(kFirst, at(10s), used(1ms, 20ms));
  EXPECT_LT(delay.since(at(0s)), 1.2);
}

TEST(HostDelay, HasAnEnd) {
  HostDelay delay;
  delay.note(kFirst, at(0s), used(0s, 0s));
  delay.note(kFirst, at(10s), used(0s, 10s));
  EXPECT_EQ(delay.since(at(0s)), kSlowest);
}

TEST(HostDelay, CountsThreadsThatComeAndGo) {
  HostDelay delay;
  delay.note(kFirst, at(0s), {{100, {1s, 0s}}, {101, {9s, 9s}}});
  delay.note(kFirst, at(5s), {{100, {1s, 0s}}, {102, {1s, 4s}}});
  delay.note(kFirst, at(10s), {{100, {2s, 0s}}});
  // 2 s of work, and 4 s of waiting.
  EXPECT_NEAR(delay.since(at(0s)), 3, 0.2);
}

TEST(ProcessorTime, IsReadOfALivingProcess) {
  volatile unsigned sum = 0;
  for (unsigned i = 0; i < 20'000'000; ++i) sum = sum + i;
  const ThreadTimes times = thread_times(::getpid());
  ASSERT_TRUE(times.contains(::getpid()));
  EXPECT_GT(times.at(::getpid()).ran, 1ms);
}

TEST(ProcessorTime, IsNothingOfAProcessThatIsNone) {
  EXPECT_TRUE(thread_times(0x7fffffff).empty());
}

}  // namespace
}  // namespace gridlock
