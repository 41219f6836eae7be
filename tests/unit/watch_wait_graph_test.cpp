// SPDX-License-Identifier: GPL-2.0-or-later
// Deadlocks of glocks, read off the dumps of real nodes and of made-up ones.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "watch/dlm_dump.h"
#include "watch/wait_graph.h"

namespace gridlock {
namespace {

std::string console(const std::string& name) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/consoles/" + name + ".console");
  std::stringstream text;
  text << in.rdbuf();
  std::string bytes = text.str();
  std::erase(bytes, '\r');  // a serial line's ends, not the dumps'
  return bytes;
}

std::string section(const std::string& text, const std::string& file) {
  const std::string begin = "=== begin " + file + "\n";
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find("=== end " + file, from);
  if (from == std::string::npos || to == std::string::npos) return {};
  return text.substr(from + begin.size(), to - from - begin.size());
}

NodeDump real_dump(int node) {
  const std::string text = console("abba-unpatched-node" + std::to_string(node));
  return {NodeId{node}, section(text, "/sys/kernel/debug/gfs2/lab:data/glocks"),
          section(text, "/sys/kernel/debug/dlm/data_locks")};
}

std::vector<NodeDump> real_dumps() { return {real_dump(1), real_dump(2)}; }

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

std::string glock(const std::string& name, const std::string& state,
                  const std::vector<std::string>& holders) {
  std::string text =
      "G:  s:" + state + " n:" + name + " f:lIqob t:SH d:EX/0 a:0 v:0 r:5 m:38 p:1\n";
  for (const std::string& holder : holders) text += " H: " + holder + " gfs2_x+0x2a/0xa0\n";
  return text;
}

std::string holds(int pid, const std::string& mode) {
  return "s:" + mode + " f:H e:0 p:" + std::to_string(pid) + " [mdio]";
}

std::string wants(int pid, const std::string& mode) {
  return "s:" + mode + " f:W e:0 p:" + std::to_string(pid) + " [mdio]";
}

std::optional<Deadlock> deadlock_in(const std::vector<NodeDump>& dumps) {
  return find_deadlock(dumps, dumps);
}

TEST(WaitGraph, FindsTheDeadlockOfTheRealDumps) {
  const auto deadlock = deadlock_in(real_dumps());
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->sentence,
            "deadlock: node1 mdio/108 holds 2/4249 (DF), waits for 2/4269 (SH) held by "
            "node2 mdio/117, which waits for 2/4249 (SH)");
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:2nodes:[DF>SH inode]x2");
  EXPECT_EQ(deadlock->title(), "deadlock: node1 <-> node2, 2 glocks");
  EXPECT_EQ(deadlock->nodes, (std::vector<NodeId>{{1}, {2}}));
  EXPECT_EQ(deadlock->glocks, 2);
  EXPECT_EQ(deadlock->tasks, 2);
}

TEST(WaitGraph, FindsItWithoutTheDlmDumpsToo) {
  auto dumps = real_dumps();
  for (NodeDump& dump : dumps) dump.dlm_locks.clear();
  const auto deadlock = deadlock_in(dumps);
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:2nodes:[DF>SH inode]x2");
}

TEST(WaitGraph, OneNodeAloneShowsNoDeadlockOfTwo) {
  EXPECT_FALSE(deadlock_in({real_dump(1)}));
  EXPECT_FALSE(deadlock_in({real_dump(2)}));
}

TEST(WaitGraph, AWaitOfOnlyOneDumpDoesNotCount) {
  const auto stuck = real_dumps();
  auto moved = stuck;
  replace(moved[0].glocks, "H: s:SH f:W e:0 p:108", "H: s:SH f:H e:0 p:108");
  EXPECT_FALSE(find_deadlock(moved, stuck));
  EXPECT_FALSE(find_deadlock(stuck, moved));
  ASSERT_TRUE(find_deadlock(stuck, stuck));
}

TEST(WaitGraph, AWaitForALockThatNobodyUsesIsOnlySlow) {
  auto dumps = real_dumps();
  replace(dumps[1].glocks, " H: s:DF f:H e:0 p:117 [mdio] vfs_read+0x1e2/0x280\n", "");
  EXPECT_FALSE(deadlock_in(dumps));
}

TEST(WaitGraph, TheDlmSaysWhetherARemoteHolderIsInTheWay) {
  // Node 1 has DF inside an EX lock: a DF holder elsewhere is in its way nevertheless.
  const std::string row = "1 0 0 9 0 0 0 2 ";
  const auto dumps = [&](const std::string& mode) {
    return std::vector<NodeDump>{
        {NodeId{1}, glock("2/a", "EX", {holds(10, "DF")}) + glock("2/b", "UN", {wants(10, "DF")}),
         row + mode + " -1 100 0 24 \"       2               a\"\n"},
        {NodeId{2},
         glock("2/b", "EX", {holds(20, "EX")}) + glock("2/a", "UN", {wants(20, "DF")}),
         {}}};
  };
  EXPECT_TRUE(deadlock_in(dumps("5")));
  EXPECT_FALSE(deadlock_in(dumps("2")));
}

TEST(WaitGraph, AMastersListSpeaksForANodeWhoseOwnIsMissing) {
  const std::string copy =
      "38 1 1c 98 0 1c 10000 2 2 -1 26337341 0 24 \"       2            4249\"\n";
  const auto grants = parse_dlm_locks(copy, NodeId{2});
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].owner, NodeId{1});
  EXPECT_EQ(grants[0].mode, GlockMode::DF);
  EXPECT_EQ(to_string(grants[0].name), "2/4249");
}

TEST(WaitGraph, FindsADeadlockOfTwoTasksOnOneNode) {
  const auto deadlock = deadlock_in({{NodeId{1},
                                      glock("2/4249", "DF", {holds(7, "DF"), wants(8, "SH")}) +
                                          glock("2/4269", "DF", {holds(8, "DF"), wants(7, "SH")}),
                                      {}}});
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:local:[DF>SH inode]x2");
  EXPECT_EQ(deadlock->sentence,
            "deadlock: node1 mdio/7 holds 2/4249 (DF), waits for 2/4269 (SH) held by "
            "node1 mdio/8, which waits for 2/4249 (SH)");
  EXPECT_EQ(deadlock->title(), "deadlock: node1, 2 glocks");
}

TEST(WaitGraph, FindsATaskThatWaitsForItself) {
  const auto deadlock =
      deadlock_in({{NodeId{3}, glock("2/ff", "DF", {holds(7, "DF"), wants(7, "SH")}), {}}});
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:local:[DF>SH inode]");
  EXPECT_EQ(deadlock->sentence,
            "deadlock: node3 mdio/7 holds 2/ff (DF), waits for 2/ff (SH) itself");
}

TEST(WaitGraph, FindsARingOfFourNodesAndNamesItTheSameFromEveryNode) {
  const auto ring = [](int shift) {
    std::vector<NodeDump> dumps;
    for (int i = 0; i < 4; ++i) {
      const int node = 1 + (i + shift) % 4;
      const std::string own = "2/" + std::to_string(10 + i);
      const std::string next = "2/" + std::to_string(10 + (i + 1) % 4);
      const std::string mode = i == 0 ? "EX" : "DF";
      dumps.push_back(
          {NodeId{node},
           glock(own, mode, {holds(100 + i, mode)}) + glock(next, "UN", {wants(100 + i, "SH")}),
           {}});
    }
    return dumps;
  };
  const auto deadlock = deadlock_in(ring(0));
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:4nodes:[DF>SH inode]x3[EX>SH inode]");
  EXPECT_EQ(deadlock->nodes.size(), 4u);
  for (int shift = 1; shift < 4; ++shift) {
    const auto other = deadlock_in(ring(shift));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->identity, deadlock->identity);
  }
}

TEST(WaitGraph, AnEarlierWaiterIsInTheWayToo) {
  // 9 holds b and queues for a behind 8, which wants a from 7 and has c, which 9's partner wants.
  const auto deadlock = deadlock_in({{NodeId{1},
                                      glock("2/a", "SH", {wants(8, "EX"), wants(9, "SH")}) +
                                          glock("3/b", "EX", {holds(9, "EX"), wants(8, "EX")}),
                                      {}}});
  ASSERT_TRUE(deadlock);
  EXPECT_EQ(deadlock->identity, "deadlock:gfs2:local:[EX>SH rgrp>inode][queued EX>EX inode>rgrp]");
  EXPECT_EQ(deadlock->sentence,
            "deadlock: node1 mdio/8 queues for 2/a (EX), waits for 3/b (EX) held by "
            "node1 mdio/9, which waits for 2/a (SH)");
}

TEST(WaitGraph, CompatibleHoldersAndTheMountsOwnAreInNobodysWay) {
  const std::string mount = "s:EX f:H e:0 p:0 [(none)]";
  const std::string dead = "s:EX f:eEH e:0 p:8 [(ended)]";
  EXPECT_FALSE(deadlock_in({{NodeId{1},
                             glock("2/a", "SH", {holds(7, "SH"), wants(8, "SH")}) +
                                 glock("2/b", "SH", {holds(8, "SH"), wants(7, "SH")}) +
                                 glock("2/c", "EX", {mount, dead, wants(7, "EX")}),
                             {}}}));
}

TEST(WaitGraph, HealthyDumpsShowNothing) {
  auto dumps = real_dumps();
  for (NodeDump& dump : dumps) {
    const std::size_t waiter = dump.glocks.find(" f:W ");
    ASSERT_NE(waiter, std::string::npos);
    dump.glocks.replace(waiter, 5, " f:H ");
  }
  ASSERT_GT(parse_glocks(dumps[0].glocks).size(), 30u);
  EXPECT_FALSE(deadlock_in(dumps));
  EXPECT_FALSE(find_deadlock({}, {}));
}

TEST(WaitGraph, LongChainsAndCrowdsStayBounded) {
  std::string chain;
  for (int i = 1; i < 20000; ++i)
    chain += glock("2/" + std::to_string(i), "EX", {holds(i, "EX"), wants(i + 1, "EX")});
  EXPECT_FALSE(deadlock_in({{NodeId{1}, chain, {}}}));
  std::vector<std::string> crowd;
  for (int i = 1; i < 2000; ++i) crowd.push_back(i % 2 != 0 ? holds(i, "EX") : wants(i, "EX"));
  std::string crowds;
  for (int i = 0; i < 200; ++i) crowds += glock("2/" + std::to_string(i), "EX", crowd);
  EXPECT_FALSE(deadlock_in({{NodeId{1}, crowds, {}}}));
}

TEST(WaitGraph, BrokenDumpsAreReadAsFarAsTheyMakeSense) {
  const NodeDump whole = real_dump(2);
  ASSERT_FALSE(whole.glocks.empty());
  std::mt19937 random(7);  // NOLINT: the same bytes every time
  int with_glocks = 0;
  for (int round = 0; round < 300; ++round) {
    NodeDump broken = whole;
    for (int i = 0; i < 40; ++i) {
      broken.glocks[random() % broken.glocks.size()] = static_cast<char>(random() % 256);
      broken.dlm_locks[random() % broken.dlm_locks.size()] = static_cast<char>(random() % 256);
    }
    broken.glocks.resize(random() % broken.glocks.size());
    with_glocks += parse_glocks(broken.glocks).empty() ? 0 : 1;
    (void)deadlock_in({real_dump(1), broken});
  }
  EXPECT_GT(with_glocks, 200);
}

TEST(GlockDump, ReadsARealDump) {
  const auto glocks = parse_glocks(real_dump(1).glocks);
  ASSERT_EQ(glocks.size(), 38u);
  const auto is = [](const Glock& g) { return to_string(g.name) == "2/4269"; };
  const auto glock = std::find_if(glocks.begin(), glocks.end(), is);
  ASSERT_NE(glock, glocks.end());
  EXPECT_EQ(glock->state, GlockMode::DF);
  ASSERT_EQ(glock->holders.size(), 1u);
  EXPECT_EQ(glock->holders[0].mode, GlockMode::SH);
  EXPECT_TRUE(glock->holders[0].waiting);
  EXPECT_FALSE(glock->holders[0].granted);
  EXPECT_EQ(glock->holders[0].pid, 108);
  EXPECT_EQ(glock->holders[0].comm, "mdio");
  EXPECT_EQ(glock_type_name(glock->name.type), "inode");
}

TEST(GlockDump, ReadsTheLocksOfARealMaster) {
  const auto grants = parse_dlm_locks(real_dump(2).dlm_locks, NodeId{2});
  EXPECT_EQ(grants.size(), 58u);
  int of_node_1 = 0;
  for (const DlmGrant& grant : grants)
    if (grant.owner == NodeId{1}) ++of_node_1;
  EXPECT_EQ(of_node_1, 26);
}

TEST(GlockDump, ANameWithBracketsDoesNotHideTheTask) {
  const auto glocks = parse_glocks(glock("2/1", "EX", {"s:EX f:H e:0 p:5 [a] f:W p:9 [b\x1b]"}));
  ASSERT_EQ(glocks.size(), 1u);
  ASSERT_EQ(glocks[0].holders.size(), 1u);
  EXPECT_EQ(glocks[0].holders[0].pid, 5);
  EXPECT_TRUE(glocks[0].holders[0].granted);
  EXPECT_EQ(glocks[0].holders[0].comm, "a] f:W p:9 [b\\x1b");
}

}  // namespace
}  // namespace gridlock
