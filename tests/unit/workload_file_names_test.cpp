// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/file_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gridlock {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(FileNames, AreKnownByInodeAndBelowTheWorkloadsFolder) {
  EXPECT_THAT(file_names_in("16969 node1.1.data\n17001 node2.1.data\n", "abba"),
              ElementsAre(Pair(16969, "abba/node1.1.data"), Pair(17001, "abba/node2.1.data")));
}

TEST(FileNames, MayHaveBlanksAndNothingThatSteersATerminal) {
  EXPECT_THAT(file_names_in("7 a b\n8 c\x1b[2Jd\n", "own"),
              ElementsAre(Pair(7, "own/a b"), Pair(8, "own/c\\x1b[2Jd")));
}

TEST(FileNames, LeaveOutWhatIsNoNumberAndName) {
  EXPECT_THAT(file_names_in("x y\n12\n12 \n\n-1 a\n99999999999999999999999 b\n", "own"),
              ElementsAre());
}

}  // namespace
}  // namespace gridlock
