// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/side_by_side.h"

#include <gtest/gtest.h>

namespace gridlock {
namespace {

Plan plan_of(int nodes, int vcpus, Bytes memory) {
  Plan plan;
  for (int i = 1; i <= nodes; ++i) {
    PlannedNode node;
    node.vcpus = vcpus;
    node.memory = memory;
    plan.nodes.push_back(node);
  }
  return plan;
}

TEST(SideBySide, MemoryIsTheLimitAndProcessorsTheBeginning) {
  const Room small = room_for_labs(plan_of(2, 1, Bytes::mib(768)), 2, Bytes::gib(24));
  EXPECT_EQ(small.least, 1);
  EXPECT_EQ(small.most, 11);  // 23 GiB for labs of 2 GiB
  const Room large = room_for_labs(plan_of(2, 1, Bytes::mib(768)), 32, Bytes::gib(24));
  EXPECT_EQ(large.least, 11) << "memory is for eleven";
  EXPECT_EQ(large.most, 11);
}

TEST(SideBySide, ThereIsAlwaysOneLab) {
  const Room none = room_for_labs(plan_of(3, 2, Bytes::gib(4)), 2, Bytes::gib(1));
  EXPECT_EQ(none.least, 1);
  EXPECT_EQ(none.most, 1);
  EXPECT_EQ(labs_from_now(none, 1, 1.0), 1);
  EXPECT_EQ(labs_from_now(none, 1, 0.1), 1);
}

TEST(SideBySide, GrowsWhileProcessorsAreIdleAndShrinksWhenTheyAreNot) {
  const Room room{2, 5};
  EXPECT_EQ(labs_from_now(room, 2, 0.5), 3);
  EXPECT_EQ(labs_from_now(room, 5, 0.5), 5);
  EXPECT_EQ(labs_from_now(room, 4, 0.85), 4);
  EXPECT_EQ(labs_from_now(room, 4, 0.99), 3);
  EXPECT_EQ(labs_from_now(room, 2, 0.99), 2);
  EXPECT_EQ(labs_from_now(room, 3, std::nullopt), 3);
}

}  // namespace
}  // namespace gridlock
