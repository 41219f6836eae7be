// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/pace.h"

#include <gtest/gtest.h>

namespace gridlock {
namespace {

constexpr std::chrono::nanoseconds kReference = std::chrono::milliseconds{50};

TEST(Pace, TellsHowManyTimesSlowerANodeIs) {
  EXPECT_DOUBLE_EQ(slowness_of("pace 125000000 af4bc66462f3b52a\n", kReference), 2.5);
}

TEST(Pace, CallsNoMachineFasterThanItsKind) {
  EXPECT_DOUBLE_EQ(slowness_of("pace 10000000 0\n", kReference), 1);
}

TEST(Pace, GivesNoMachinePatienceWithoutEnd) {
  EXPECT_DOUBLE_EQ(slowness_of("pace 9000000000000000000 0\n", kReference), kSlowest);
}

TEST(Pace, DoesNotGuess) {
  for (const char* const line : {"", "pace", "pace ", "pace x", "pace -5", "pace 0 1", "speed 9 1"})
    EXPECT_EQ(slowness_of(line, kReference), 0) << line;
}

}  // namespace
}  // namespace gridlock
