// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of waits, read off the dumps of real nodes and of made-up ones.
#include <gtest/gtest.h>

#include <random>

#include "diagnosis/diagnose.h"
#include "diagnosis/glocks.h"
#include "support/lock_dumps.h"

namespace gridlock::diagnosis {
namespace {

using Names = std::vector<std::string>;

/// What two looks that are alike show.
Diagnosis seen(const Look& look, const KnownFiles& files = {}) {
  return diagnose(look, look, files);
}

NodeLook node(int id, const std::string& glocks, const std::string& dlm_locks = {}) {
  NodeLook look{.node = "node" + std::to_string(id), .dlm_id = id};
  look.glocks = glocks;
  look.dlm_locks = dlm_locks;
  return look;
}

bool is_cycle(const Diagnosis& diagnosis) { return diagnosis.kind == Diagnosis::Kind::cycle; }

TEST(WaitGraph, FindsTheDeadlockOfTheRealDumps) {
  const Diagnosis deadlock = seen(abba());
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node1 mdio/108 holds glock 2/4249 (DF), waits for 2/4269 (SH) held by "
            "node2 mdio/117, which waits for 2/4249");
  EXPECT_EQ(deadlock.identity, "deadlock:gfs2:2nodes:[DF>SH inode]x2");
  EXPECT_EQ(deadlock.title, "deadlock: node1 <-> node2, 2 glocks");
  EXPECT_EQ(deadlock.nodes, (Names{"node1", "node2"}));
  EXPECT_EQ(deadlock.locks.size(), 2u);
  EXPECT_EQ(deadlock.tasks, (std::vector<TaskId>{{"node1", 108}, {"node2", 117}}));
  EXPECT_FALSE(deadlock.end);
}

TEST(WaitGraph, NamesTheFilesItKnows) {
  const Diagnosis deadlock = seen(abba(), {{{0x4249, "x"}, {0x4269, "a \x1b[31m y"}}});
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node1 mdio/108 holds glock 2/4249 (DF, file x), waits for 2/4269 (SH, file "
            "a \\x1b[31m y) held by node2 mdio/117, which waits for 2/4249");
  EXPECT_EQ(deadlock.files.at(0x4249), "x");
}

TEST(WaitGraph, FindsItWithoutTheDlmDumpsToo) {
  Look look = abba();
  for (NodeLook& each : look) each.dlm_locks.clear();
  EXPECT_EQ(seen(look).identity, "deadlock:gfs2:2nodes:[DF>SH inode]x2");
}

TEST(WaitGraph, OneNodeAloneShowsNoDeadlockOfTwo) {
  EXPECT_FALSE(is_cycle(seen({abba_node(1)})));
  EXPECT_FALSE(is_cycle(seen({abba_node(2)})));
}

TEST(WaitGraph, AWaitOfOnlyOneLookDoesNotCount) {
  const Look stuck = abba();
  Look moved = stuck;
  replace(moved[0].glocks, "H: s:SH f:W e:0 p:108", "H: s:SH f:H e:0 p:108");
  EXPECT_FALSE(is_cycle(diagnose(moved, stuck, {})));
  EXPECT_FALSE(is_cycle(diagnose(stuck, moved, {})));
  EXPECT_TRUE(is_cycle(diagnose(stuck, stuck, {})));
}

TEST(WaitGraph, AWaitForALockThatNobodyUsesIsOnlySlow) {
  Look look = abba();
  replace(look[1].glocks, " H: s:DF f:H e:0 p:117 [mdio] vfs_read+0x1e2/0x280\n", "");
  const Diagnosis diagnosis = seen(look);
  ASSERT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
  EXPECT_EQ(diagnosis.end->kind, ChainEnd::Kind::demotion);
  EXPECT_EQ(diagnosis.end->text, "node2 does not use it and does not give it down");
}

TEST(WaitGraph, TheDlmSaysWhetherARemoteHolderIsInTheWay) {
  // Node 1 has DF inside an EX lock: a DF holder elsewhere is in its way nevertheless.
  const auto look = [&](const std::string& mode) {
    return Look{
        node(1, glock("2/a", "EX", {holds(10, "DF")}) + glock("2/b", "UN", {wants(10, "DF")}),
             dlm_row("1 0 0 9 0 0 0 2 " + mode + " -1", 0, "       2               a")),
        node(2, glock("2/b", "EX", {holds(20, "EX")}) + glock("2/a", "UN", {wants(20, "DF")}))};
  };
  EXPECT_TRUE(is_cycle(seen(look("5"))));
  EXPECT_FALSE(is_cycle(seen(look("2"))));
}

TEST(WaitGraph, FindsADeadlockOfTwoTasksOnOneNode) {
  const Diagnosis deadlock =
      seen({node(1, glock("2/4249", "DF", {holds(7, "DF"), wants(8, "SH")}) +
                        glock("2/4269", "DF", {holds(8, "DF"), wants(7, "SH")}))});
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.identity, "deadlock:gfs2:local:[DF>SH inode]x2");
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node1 mdio/7 holds glock 2/4249 (DF), waits for 2/4269 (SH) held by "
            "node1 mdio/8, which waits for 2/4249");
  EXPECT_EQ(deadlock.title, "deadlock: node1, 2 glocks");
}

TEST(WaitGraph, FindsATaskThatWaitsForItself) {
  const Diagnosis deadlock = seen({node(3, glock("2/ff", "DF", {holds(7, "DF"), wants(7, "SH")}))});
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.identity, "deadlock:gfs2:local:[DF>SH inode]");
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node3 mdio/7 holds glock 2/ff (DF), waits for it itself (SH)");
}

TEST(WaitGraph, FindsRingsAndNamesThemTheSameFromEveryNode) {
  for (const int nodes : {3, 4}) {
    const auto ring = [nodes](int shift) {
      Look look;
      for (int i = 0; i < nodes; ++i) {
        const std::string own = "2/" + std::to_string(10 + i);
        const std::string next = "2/" + std::to_string(10 + (i + 1) % nodes);
        const std::string mode = i == 0 ? "EX" : "DF";
        look.push_back(node(
            1 + (i + shift) % nodes,
            glock(own, mode, {holds(100 + i, mode)}) + glock(next, "UN", {wants(100 + i, "SH")})));
      }
      return look;
    };
    const Diagnosis deadlock = seen(ring(0));
    ASSERT_TRUE(is_cycle(deadlock));
    EXPECT_EQ(deadlock.identity, nodes == 3 ? "deadlock:gfs2:3nodes:[DF>SH inode]x2[EX>SH inode]"
                                            : "deadlock:gfs2:4nodes:[DF>SH inode]x3[EX>SH inode]");
    EXPECT_EQ(deadlock.nodes.size(), static_cast<std::size_t>(nodes));
    for (int shift = 1; shift < nodes; ++shift)
      EXPECT_EQ(seen(ring(shift)).identity, deadlock.identity);
  }
}

TEST(WaitGraph, AnEarlierWaiterIsInTheWayToo) {
  // 9 holds b and queues for a behind 8, which wants a and wants b from 9.
  const Diagnosis deadlock =
      seen({node(1, glock("2/a", "SH", {wants(8, "EX"), wants(9, "SH")}) +
                        glock("3/b", "EX", {holds(9, "EX"), wants(8, "EX")}))});
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.identity, "deadlock:gfs2:local:[EX>SH rgrp>inode][queued EX>EX inode>rgrp]");
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node1 mdio/8 queues for glock 2/a (EX), waits for 3/b (EX) held by "
            "node1 mdio/9, which waits for 2/a");
}

TEST(WaitGraph, AnEarlierConversionOfAnotherNodeIsInTheWay) {
  // The master's list has node 2's conversion to EX before node 3's wait for PR. Node 2 has nothing
  // that node 3 could not share, but node 3 has what node 2 wants next.
  const std::string a = "       2               a";
  const std::string queues = dlm_row("1 0 0 9 0 0 0 2 3 -1", 0, a) +
                             dlm_row("2 2 7 20 0 0 10000 3 3 5", 0, a) +
                             dlm_row("3 3 8 30 0 0 10000 1 -1 3", 0, a);
  const Look look{
      node(1, glock("2/a", "SH", {holds(10, "SH")}), queues),
      node(2, glock("2/a", "SH", {wants(20, "EX")}) + glock("2/b", "EX", {holds(20, "EX")})),
      node(3, glock("2/a", "UN", {wants(30, "SH")}) + glock("2/b", "UN", {wants(30, "SH")}))};
  const Diagnosis diagnosis = seen(look);
  const auto queued = std::find_if(
      diagnosis.waits.begin(), diagnosis.waits.end(),
      [](const Wait& wait) { return wait.how == Wait::How::queued && wait.from.node == "node3"; });
  ASSERT_NE(queued, diagnosis.waits.end());
  EXPECT_EQ(queued->to, (Party{Party::Kind::task, "node2", 20, {}}));
  EXPECT_EQ(queued->has, "EX");
}

TEST(WaitGraph, AMastersListSpeaksForANodeThatDidNotAnswer) {
  Look look = abba();
  look[0] = NodeLook{.node = "node1", .dlm_id = 1};
  const Diagnosis diagnosis = seen(look);
  ASSERT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
  EXPECT_EQ(diagnosis.end->kind, ChainEnd::Kind::silent);
  EXPECT_EQ(diagnosis.sentence,
            "no cycle: node2 mdio/117 waits for glock 2/4249 (SH); node1 did not answer");
}

TEST(WaitGraph, ANodeThatAnsweredOnceOnlyIsPartOfNoCycle) {
  const Look both = abba();
  const Look one{NodeLook{.node = "node1", .dlm_id = 1}, both[1]};
  for (const Diagnosis& diagnosis :
       {diagnose(one, both, {}), diagnose(both, one, {}), diagnose({both[1]}, both, {})}) {
    ASSERT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
    EXPECT_EQ(diagnosis.end->kind, ChainEnd::Kind::silent);
  }
}

TEST(WaitGraph, AStoppedTaskIsPartOfNoCycle) {
  Look look = abba();
  look[1].tasks = task(117, 'T', {});
  const Diagnosis diagnosis = seen(look);
  ASSERT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
  EXPECT_EQ(diagnosis.end->kind, ChainEnd::Kind::stopped);
  EXPECT_EQ(diagnosis.end->text, "holder is stopped (SIGSTOP)");
}

TEST(WaitGraph, CompatibleHoldersAreInNobodysWay) {
  EXPECT_EQ(seen({node(1, glock("2/a", "SH", {holds(7, "SH"), holds(8, "SH")}) +
                              glock("2/b", "SH", {holds(8, "SH"), holds(7, "SH")}))})
                .kind,
            Diagnosis::Kind::nothing);
  EXPECT_FALSE(is_cycle(seen({node(1, glock("2/a", "SH", {holds(7, "SH"), wants(8, "SH")}) +
                                          glock("2/b", "SH", {holds(8, "SH"), wants(7, "SH")}))})));
}

TEST(WaitGraph, HealthyDumpsShowNothing) {
  Look look = abba();
  for (NodeLook& each : look) replace(each.glocks, " f:W ", " f:H ");
  std::set<GlockName> waited;
  ASSERT_GT(collect_waited_glocks(look[0].glocks, waited).glocks, 30u);
  EXPECT_EQ(seen(look).kind, Diagnosis::Kind::nothing);
  EXPECT_EQ(seen({}).kind, Diagnosis::Kind::nothing);
}

TEST(WaitGraph, AGlockAndARwsemFormACycle) {
  // 7 holds the glock and waits for the rwsem of 8, which waits for the glock.
  NodeLook look = node(1, glock("2/a", "EX", {holds(7, "EX"), wants(8, "SH")}));
  look.console =
      "[   59.330406] sysrq: Show Blocked State\n" +
      blocked(7, {"__schedule", "schedule", "rwsem_down_write_slowpath", "down_write", "chown"}) +
      blocked(8, {"__schedule", "schedule", "bit_wait", "gfs2_glock_wait", "gfs2_fault"}) +
      "[   59.337106] Showing all locks held in the system:\n"
      "[   59.337591] 2 locks held by mdio/7:\n"
      "[   59.337715]  #0: ff11000004864468 (sb_writers#5){.+.+}-{0:0}, at: ksys_write+0x5f/0xd0\n"
      "[   59.337715]  #1: ff11000004f215a0 (&mm->mmap_lock){++++}-{3:3}, at: chown+0x5f/0xd0\n"
      "[   59.338397] 1 lock held by mdio/8:\n"
      "[   59.338466]  #0: ff11000004f215a0 (&mm->mmap_lock){++++}-{3:3}, at: "
      "lock_mm_and_find_vma+0x2e/0x2a0\n"
      "[   59.338709] =============================================\n";
  const Diagnosis deadlock = seen({look});
  ASSERT_TRUE(is_cycle(deadlock)) << deadlock.sentence;
  EXPECT_EQ(deadlock.sentence,
            "deadlock: node1 mdio/7 holds glock 2/a (EX), waits for &mm->mmap_lock "
            "ff11000004f215a0 (write) held by node1 mdio/8, which waits for 2/a");
  EXPECT_EQ(
      deadlock.identity,
      "deadlock:gfs2+kernel:local:[EX>write inode>&mm->mmap_lock][held>SH &mm->mmap_lock>inode]");
  EXPECT_EQ(deadlock.title, "deadlock: node1, 2 locks");
}

TEST(WaitGraph, AMutexsLikelyOwnerIsInTheWay) {
  NodeLook look = node(1, glock("2/a", "EX", {holds(7, "EX"), wants(8, "SH")}));
  look.console = blocked(7, {"__schedule", "schedule_preempt_disabled", "__mutex_lock", "f"}) +
                 "INFO: task mdio:7 is blocked on a mutex likely owned by task mdio:8.\n";
  const Diagnosis deadlock = seen({look});
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.identity,
            "deadlock:gfs2+kernel:local:[EX>lock inode>mutex][held>SH mutex>inode]");

  // Said long ago: by now 7 waits for something else.
  replace(look.console, "__mutex_lock", "msleep");
  EXPECT_FALSE(is_cycle(seen({look})));
}

TEST(WaitGraph, ReadersBehindAWaitingWriterWaitForIt) {
  const std::string lock = " #0: ff11000004f215a0 (&sem){++++}-{3:3}, at: f+0x1/0x2\n";
  NodeLook look = node(1, "");
  look.console = blocked(2, {"schedule", "rwsem_down_write_slowpath", "down_write", "f"}) +
                 blocked(3, {"schedule", "rwsem_down_read_slowpath", "down_read", "f"}) +
                 "Showing all locks held in the system:\n1 lock held by a/1:\n" + lock +
                 "1 lock held by b/2:\n" + lock + "1 lock held by c/3:\n" + lock;
  const Diagnosis diagnosis = seen({look});
  ASSERT_EQ(diagnosis.path.size(), 2u);
  EXPECT_EQ(diagnosis.path[0].from.pid, 3);
  EXPECT_EQ(diagnosis.path[0].how, Wait::How::queued);
  EXPECT_EQ(diagnosis.path[0].to.pid, 2);
  EXPECT_EQ(diagnosis.path[1].to.pid, 1);
}

/// A row of OCFS2's locking state: level, flags, readers, writers, requested.
std::string ocfs2_row(const std::string& name, int level, const std::string& flags, int readers,
                      int writers, int requested) {
  std::string row = "0x4\t" + name + "\t" + std::to_string(level) + "\t" + flags + "\t0x1\t0x0\t" +
                    std::to_string(readers) + "\t" + std::to_string(writers) + "\t" +
                    std::to_string(requested) + "\t-1\t";
  for (int i = 0; i < 64; ++i) row += "0x0\t";
  return row + "1\t1\t0\t0\t5\t5\t5\t5\t0\t0\t0\t0\t\n";
}

TEST(WaitGraph, FindsADeadlockOfOcfs2Locks) {
  const std::string a = "M000000000000000000424900000000";
  const std::string b = "M000000000000000000426900000000";
  const auto side = [](int id, const std::string& own, const std::string& other) {
    NodeLook look = node(id, "");
    look.ocfs2_locks = ocfs2_row(own, 5, "0x41", 0, 1, -1) + ocfs2_row(other, 0, "0x43", 0, 0, 3);
    look.tasks = task(100 + id, 'D', {"schedule", "__ocfs2_cluster_lock", "ocfs2_page_mkwrite"});
    return look;
  };
  const Diagnosis deadlock = seen({side(1, a, b), side(2, b, a)}, {{{0x4249, "x"}}});
  ASSERT_TRUE(is_cycle(deadlock));
  EXPECT_EQ(deadlock.sentence, "deadlock: node1 mdio/101 holds OCFS2 lock " + a +
                                   " (EX, file x), waits for OCFS2 lock " + b +
                                   " (PR) held by node2 mdio/102, which waits for OCFS2 lock " + a);
  EXPECT_EQ(deadlock.identity, "deadlock:ocfs2:2nodes:[EX>PR meta]x2");

  // With two tasks that wait, which of them has what is a guess, and no cycle is made of guesses.
  NodeLook crowded = side(1, a, b);
  crowded.tasks += task(150, 'D', {"schedule", "__ocfs2_cluster_lock"});
  EXPECT_FALSE(is_cycle(seen({crowded, side(2, b, a)})));
}

TEST(WaitGraph, LongChainsAndCrowdsStayBounded) {
  std::string chain;
  for (int i = 1; i < 20000; ++i)
    chain += glock("2/" + std::to_string(i), "EX", {holds(i, "EX"), wants(i + 1, "EX")});
  const Diagnosis diagnosis = seen({node(1, chain)});
  ASSERT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
  EXPECT_EQ(diagnosis.path.size(), 19999u);
  EXPECT_LT(diagnosis.sentence.size(), 2000u);
  EXPECT_LT(diagnosis.identity.size(), 200u);
  Names crowd;
  for (int i = 1; i < 2000; ++i) crowd.push_back(i % 2 != 0 ? holds(i, "EX") : wants(i, "EX"));
  std::string crowds;
  for (int i = 0; i < 200; ++i) crowds += glock("2/" + std::to_string(i), "EX", crowd);
  EXPECT_FALSE(is_cycle(seen({node(1, crowds)})));
}

TEST(WaitGraph, BrokenDumpsAreReadAsFarAsTheyMakeSense) {
  const NodeLook whole = abba_node(2);
  ASSERT_FALSE(whole.glocks.empty());
  std::mt19937 random(7);  // NOLINT: the same bytes every time
  std::size_t with_glocks = 0;
  for (int round = 0; round < 300; ++round) {
    NodeLook broken = whole;
    for (int i = 0; i < 40; ++i) {
      broken.glocks[random() % broken.glocks.size()] = static_cast<char>(random() % 256);
      broken.dlm_locks[random() % broken.dlm_locks.size()] = static_cast<char>(random() % 256);
    }
    broken.glocks.resize(random() % broken.glocks.size());
    std::set<GlockName> waited;
    with_glocks += collect_waited_glocks(broken.glocks, waited).glocks > 0 ? 1 : 0;
    (void)seen({abba_node(1), broken});
  }
  EXPECT_GT(with_glocks, 200u);
}

}  // namespace
}  // namespace gridlock::diagnosis
