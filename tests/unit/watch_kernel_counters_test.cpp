// SPDX-License-Identifier: GPL-2.0-or-later
// Counters of glocks and locks, as kernels print them, and what lies between two of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>

#include "watch/kernel_counters.h"

namespace gridlock {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string printed(const std::string& name) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/fuzz/kernel_counters/" + name,
                   std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Sbstats, ARealOneIsSummedOverGlockTypes) {
  const auto counts = parse_sbstats(printed("sbstats"));
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->dlm_requests, 55U);
  EXPECT_EQ(counts->holders_queued, 90U);
}

TEST(Sbstats, EveryProcessorCounts) {
  const auto counts = parse_sbstats(printed("sbstats_two_processors"));
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->dlm_requests, 3 * 55U);
  EXPECT_EQ(counts->holders_queued, 3 * 90U);
}

TEST(Sbstats, AnUnfinishedLineDoesNotCount) {
  const auto counts = parse_sbstats(
      "inode           dlm:              12\n"
      "inode         queue:  7");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->dlm_requests, 12U);
  EXPECT_EQ(counts->holders_queued, 0U);
}

TEST(Sbstats, WhatIsNoneIsAbsent) {
  EXPECT_FALSE(parse_sbstats(""));
  EXPECT_FALSE(parse_sbstats("inode          srtt:              12\n"));
  EXPECT_FALSE(parse_sbstats(printed("lock_stat")));
}

TEST(Sbstats, HostileNumbersNeitherWrapNorCount) {
  const auto counts = parse_sbstats(printed("sbstats_hostile"));
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->dlm_requests, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(counts->holders_queued, 0U);
}

TEST(LockStatText, ReadersAndWritersOfAClassAreTakenTogether) {
  const auto stat = parse_lock_stat(printed("lock_stat"));
  ASSERT_TRUE(stat);
  EXPECT_FALSE(stat->cut);
  ASSERT_EQ(stat->classes.size(), 4U);
  const LockClass& both = stat->classes.at("&ip->i_rw_mutex");
  EXPECT_EQ(both.contentions, 184U);
  EXPECT_EQ(both.acquisitions, 2'922'365U + 34'316'685U);
  EXPECT_DOUBLE_EQ(both.wait_us, 16371.53 + 325629.52);
  EXPECT_EQ(stat->classes.at("unix_table_lock").contentions, 112U);
  EXPECT_EQ(stat->classes.at("(work_completion)(&(&gl->gl_work)->work)").acquisitions, 40U);
  EXPECT_EQ(stat->classes.at("&sb->s_type->i_lock_key#17/1").acquisitions, 3U);
}

TEST(LockStatText, OneCutInALineKeepsTheLinesBeforeItAndSaysSo) {
  const auto stat = parse_lock_stat(printed("lock_stat_cut"));
  ASSERT_TRUE(stat);
  EXPECT_TRUE(stat->cut);
  EXPECT_EQ(stat->classes.size(), 1U);
}

TEST(LockStatText, WhatCountsNoMoreIsAbsent) {
  EXPECT_FALSE(parse_lock_stat(printed("lock_stat_off")));
  EXPECT_FALSE(parse_lock_stat(""));
  EXPECT_FALSE(parse_lock_stat(printed("sbstats")));
}

TEST(LockStatText, HostileLinesGiveNoNumbersThatAreNone) {
  const auto stat = parse_lock_stat(printed("lock_stat_hostile"));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->classes.size(), 3U);
  EXPECT_EQ(stat->classes.at("many").contentions, std::numeric_limits<std::uint64_t>::max());
  EXPECT_DOUBLE_EQ(stat->classes.at("a\\x1b[31m\\xff").wait_us, 2);
  for (const auto& [name, counts] : stat->classes) EXPECT_LT(name.size(), 100U);
}

TEST(LockStatText, KeepsABoundedNumberOfClasses) {
  std::string text = "lock_stat version 0.4\n";
  for (int i = 0; i < 5000; ++i)
    text += "c" + std::to_string(i) + ": 0 1 0.00 0.00 2.00 0.00 0 1 0.00 0.00 0.00 0.00\n";
  const auto stat = parse_lock_stat(text);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->classes.size(), 4096U);
  EXPECT_TRUE(stat->cut);
}

class TwoNodes : public testing::Test {
 protected:
  TwoNodes() {
    for (const int node : {1, 2}) {
      before_.nodes[NodeId{node}] = {GlockCounts{10, 20}, LockStat{{{"a", {1, 5, 10}}}, false}};
      after_.nodes[NodeId{node}] = {GlockCounts{13, 24}, LockStat{{{"a", {3, 9, 60}}}, false}};
    }
    before_.dlm = Traffic{100, 1000};
    after_.dlm = Traffic{108, 1900};
  }
  LockStat& locks_before(int node) { return *before_.nodes.at(NodeId{node}).locks; }
  LockStat& locks_after(int node) { return *after_.nodes.at(NodeId{node}).locks; }
  KernelChange change() const { return difference(before_, after_); }

  KernelCounters before_;
  KernelCounters after_;
};

TEST_F(TwoNodes, ChangesAreSummedOverTheNodes) {
  EXPECT_THAT(change().counts,
              UnorderedElementsAre(Pair("dlm_requests", 6), Pair("holders_queued", 8),
                                   Pair("lock_contentions", 4), Pair("lock_acquisitions", 8),
                                   Pair("lock_wait_us", 100), Pair("dlm_frames", 8),
                                   Pair("dlm_bytes", 900)));
  ASSERT_EQ(change().waits.size(), 1U);
  EXPECT_EQ(change().waits[0].lock_class, "a");
  EXPECT_EQ(change().waits[0].contentions, 4);
  EXPECT_EQ(change().waits[0].wait_us, 100);
}

TEST_F(TwoNodes, WhatOneNodeDoesNotTellIsAbsentForAll) {
  after_.nodes.at(NodeId{2}).glocks.reset();
  before_.nodes.at(NodeId{1}).locks.reset();
  before_.dlm.reset();
  EXPECT_THAT(change().counts, IsEmpty());
  EXPECT_THAT(change().waits, IsEmpty());
}

TEST_F(TwoNodes, ANodeThatIsMissingOnceLeavesTheFabricsNumbersOnly) {
  after_.nodes.erase(NodeId{2});
  EXPECT_THAT(change().counts, UnorderedElementsAre(Pair("dlm_frames", 8), Pair("dlm_bytes", 900)));
  EXPECT_THAT(difference({}, {}).counts, IsEmpty());
}

TEST_F(TwoNodes, ACounterThatWentBackwardsIsAbsent) {
  after_.nodes.at(NodeId{1}).glocks->dlm_requests = 0;
  locks_after(2).classes.at("a").acquisitions = 0;
  EXPECT_THAT(change().counts,
              UnorderedElementsAre(Pair("holders_queued", 8), Pair("lock_contentions", 4),
                                   Pair("lock_wait_us", 100), Pair("dlm_frames", 8),
                                   Pair("dlm_bytes", 900)));
}

TEST_F(TwoNodes, TheLocksWaitedForLongestComeFirstAndAreFew) {
  for (int i = 1; i <= 7; ++i)
    locks_after(1).classes["new" + std::to_string(i)] = {1, 1, 100.0 + i};
  std::vector<std::string> names;
  for (const LockWait& wait : change().waits) names.push_back(wait.lock_class);
  EXPECT_THAT(names, ElementsAre("new7", "new6", "new5", "new4", "new3"));
}

TEST_F(TwoNodes, ACutListIsSaidAndItsAcquisitionsAreNot) {
  locks_after(2).cut = true;
  EXPECT_THAT(change().counts, Not(Contains(Pair("lock_acquisitions", testing::_))));
  EXPECT_THAT(change().counts, Contains(Pair("lock_stat_cut", 1)));
  EXPECT_THAT(change().counts, Contains(Pair("lock_wait_us", 100)));
}

TEST_F(TwoNodes, AClassThatACutListLacksCountsOnlyIfTheListReachedIdleClasses) {
  locks_before(1).cut = true;
  locks_after(1).classes["b"] = {7, 8, 500};
  EXPECT_THAT(change().counts, Contains(Pair("lock_wait_us", 100)));
  locks_before(1).classes["idle"] = {0, 3, 0};
  EXPECT_THAT(change().counts, Contains(Pair("lock_wait_us", 600)));
}

}  // namespace
}  // namespace gridlock
