// SPDX-License-Identifier: GPL-2.0-or-later
// The readers of kernels' dumps, on observed ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnosis/dlm_ids.h"
#include "diagnosis/dlm_locks.h"
#include "diagnosis/dlm_waiters.h"
#include "diagnosis/glocks.h"
#include "diagnosis/kernel_log.h"
#include "diagnosis/ocfs2_locks.h"
#include "diagnosis/tasks.h"
#include "support/lock_dumps.h"

namespace gridlock::diagnosis {
namespace {

using testing::ElementsAre;

std::vector<Glock> all_glocks(const std::string& text) {
  std::vector<Glock> glocks;
  each_glock(text, [&](const Glock& glock) { glocks.push_back(glock); });
  return glocks;
}

TEST(Glocks, AreReadFromARealDump) {
  const auto glocks = all_glocks(abba_node(1).glocks);
  ASSERT_EQ(glocks.size(), 38u);
  const auto is = [](const Glock& g) { return to_string(g.name) == "2/4269"; };
  const auto glock = std::find_if(glocks.begin(), glocks.end(), is);
  ASSERT_NE(glock, glocks.end());
  EXPECT_EQ(glock->state, GlockMode::DF);
  ASSERT_EQ(glock->holders.size(), 1u);
  EXPECT_EQ(glock->holders[0],
            (GlockHolder{GlockMode::SH, false, true, 108, "mdio", "__do_fault"}));
  EXPECT_EQ(glock_type_name(glock->name.type), "inode");
  EXPECT_EQ(glock->inode, (GlockInode{0x4269, 8, 2097152}));
}

TEST(Glocks, AreKeptOnlyIfSomebodyWaitsForThem) {
  const NodeLook look = abba_node(1);
  std::set<GlockName> waited;
  const GlockCounts counts = collect_waited_glocks(look.glocks, waited);
  EXPECT_EQ(counts.glocks, 38u);
  EXPECT_EQ(counts.waiters, 1u);
  EXPECT_GT(counts.holders, 10u);
  EXPECT_THAT(waited, ElementsAre(GlockName{2, 0x4269}));
  EXPECT_EQ(read_glocks(look.glocks, waited).size(), 1u);
  EXPECT_TRUE(read_glocks(look.glocks, {}).empty());
}

TEST(Glocks, ANameWithBracketsDoesNotHideTheTask) {
  const auto glocks = all_glocks(glock("2/1", "EX", {"s:EX f:H e:0 p:5 [a] f:W p:9 [b\x1b]"}));
  ASSERT_EQ(glocks.size(), 1u);
  ASSERT_EQ(glocks[0].holders.size(), 1u);
  EXPECT_EQ(glocks[0].holders[0].pid, 5);
  EXPECT_TRUE(glocks[0].holders[0].granted);
  EXPECT_EQ(glocks[0].holders[0].comm, "a] f:W p:9 [b\\x1b");
}

TEST(Glocks, HoldersOfAnUnreadableGlockAreNotAnothers) {
  const auto glocks = all_glocks(glock("2/1", "EX", {holds(5, "EX")}) +
                                 "G:  s:?? n:2/2 f:\n H: " + holds(6, "EX") + " f+0x1/0x2\n");
  ASSERT_EQ(glocks.size(), 1u);
  EXPECT_EQ(glocks[0].holders.size(), 1u);
}

TEST(DlmLocks, AreReadFromARealMaster) {
  std::size_t rows = 0;
  std::size_t copies = 0;
  each_dlm_lock(abba_node(2).dlm_locks, [&](const DlmLock& lock) {
    ++rows;
    copies += lock.is_copy ? 1 : 0;
    if (lock.is_copy) EXPECT_EQ(lock.node, 1);
  });
  EXPECT_EQ(rows, 58u);
  EXPECT_EQ(copies, 26u);
}

TEST(DlmLocks, EveryColumnHasItsPlace) {
  std::vector<DlmLock> locks;
  const std::string row = "1e 2 3a 108 0 1c 0 3 2 3 29843129 2 24 \"       2            4269\"\n";
  each_dlm_lock(
      "id nodeid remid pid xid exflags flags sts grmode rqmode time_ms r_nodeid r_len "
      "r_name\n" +
          row + "1e 2 3a 108\n" + "1e 2 3a 108 0 1c 0 9 2 3 1 2 24 \"a\"\n",
      [&](const DlmLock& lock) { locks.push_back(lock); });
  ASSERT_EQ(locks.size(), 1u);
  const DlmLock& lock = locks[0];
  EXPECT_EQ(lock.id, 0x1eu);
  EXPECT_EQ(lock.node, 2);
  EXPECT_EQ(lock.remote_id, 0x3au);
  EXPECT_EQ(lock.pid, 108);
  EXPECT_EQ(lock.queue, DlmLock::Queue::converting);
  EXPECT_EQ(lock.granted, DlmMode::CW);
  EXPECT_EQ(lock.requested, DlmMode::PR);
  EXPECT_EQ(lock.queued, std::chrono::microseconds(29843129));
  EXPECT_FALSE(lock.is_copy);
  EXPECT_FALSE(lock.mastered_here);
  EXPECT_EQ(glock_of(lock.resource), (GlockName{2, 0x4269}));
  EXPECT_EQ(resource_of({2, 0x4269}), lock.resource);
  EXPECT_EQ(glock_of("x"), std::nullopt);
}

TEST(DlmLocks, ModesGoTogetherAsTheDlmSays) {
  EXPECT_TRUE(compatible(DlmMode::NL, DlmMode::EX));
  EXPECT_TRUE(compatible(DlmMode::CR, DlmMode::PW));
  EXPECT_TRUE(compatible(DlmMode::CW, DlmMode::CW));
  EXPECT_TRUE(compatible(DlmMode::PR, DlmMode::PR));
  EXPECT_FALSE(compatible(DlmMode::CW, DlmMode::PR));
  EXPECT_FALSE(compatible(DlmMode::PW, DlmMode::PW));
  EXPECT_FALSE(compatible(DlmMode::CR, DlmMode::EX));
  EXPECT_FALSE(compatible(DlmMode::EX, DlmMode::EX));
  for (const GlockMode a : {GlockMode::UN, GlockMode::SH, GlockMode::DF, GlockMode::EX})
    for (const GlockMode b : {GlockMode::UN, GlockMode::SH, GlockMode::DF, GlockMode::EX})
      EXPECT_EQ(compatible(dlm_mode(a), dlm_mode(b)), gridlock::compatible(a, b));
}

TEST(DlmIds, AreFoundFromLocksThatTwoDumpsShow) {
  Look look = abba();
  for (NodeLook& node : look) node.dlm_id.reset();
  find_dlm_ids(look);
  EXPECT_EQ(look[0].dlm_id, 1);
  EXPECT_EQ(look[1].dlm_id, 2);
  Look alone{abba_node(1)};
  alone[0].dlm_id.reset();
  find_dlm_ids(alone);
  EXPECT_EQ(alone[0].dlm_id, std::nullopt);
}

TEST(DlmWaiters, KeepTheBlanksOfAName) {
  EXPECT_THAT(read_dlm_waiters("3a 1 2        2            4269\nfoo\n3b 2 3 \n3c 1 3 a b\n"),
              ElementsAre(DlmReply{"       2            4269", 2}, DlmReply{"a b", 3}));
}

TEST(KernelLog, ReadsBlockedTasksAndHeldLocksOfARealConsole) {
  const KernelLog log = read_kernel_log(abba_console(1));
  ASSERT_EQ(log.tasks.size(), 1u);
  EXPECT_EQ(log.tasks[0].name, "mdio");
  EXPECT_EQ(log.tasks[0].pid, 108);
  EXPECT_EQ(log.tasks[0].state, 'D');
  ASSERT_GT(log.tasks[0].frames.size(), 8u);
  EXPECT_EQ(log.tasks[0].frames.front(), "__schedule");
  EXPECT_THAT(log.tasks[0].frames, testing::Contains("gfs2_fault"));
  EXPECT_THAT(log.tasks[0].frames, testing::Not(testing::Contains("asym_cpu_capacity_scan")));
  const auto user = std::find_if(log.lock_users.begin(), log.lock_users.end(),
                                 [](const LockUser& each) { return each.pid == 108; });
  ASSERT_NE(user, log.lock_users.end());
  ASSERT_EQ(user->locks.size(), 1u);
  EXPECT_EQ(user->locks[0].address, "ff11000004f215a0");
  EXPECT_EQ(user->locks[0].lock_class, "&mm->mmap_lock");
  EXPECT_EQ(user->locks[0].function, "lock_mm_and_find_vma");
  EXPECT_FALSE(log.recovery);
}

TEST(KernelLog, ALaterAnswerReplacesAnEarlierOne) {
  const std::string show = "[    1.000000] sysrq: Show Blocked State\n";
  const KernelLog log = read_kernel_log(show + blocked(7, {"f"}) + show + blocked(8, {"g"}));
  ASSERT_EQ(log.tasks.size(), 1u);
  EXPECT_EQ(log.tasks[0].pid, 8);
}

TEST(KernelLog, ReadsLikelyOwnersInEveryForm) {
  const KernelLog log = read_kernel_log(
      "INFO: task kworker/4:1:11 is blocked on a mutex likely owned by task dhcpcd:615.\n"
      "INFO: task cat:5 blocked on a semaphore likely last held by task a:b:6\n"
      "INFO: task r:7 <reader> blocked on an rw-semaphore likely owned by task w:8 <writer>\n"
      "INFO: task x:9 is blocked on a mutex, but the owner is not found.\n"
      "INFO: task mdio:108 blocked for more than 30 seconds.\n");
  ASSERT_EQ(log.owners.size(), 3u);
  EXPECT_EQ(log.owners[0].lock, "mutex");
  EXPECT_EQ(log.owners[0].name, "kworker/4:1");
  EXPECT_EQ(log.owners[0].pid, 11);
  EXPECT_EQ(log.owners[0].owner_name, "dhcpcd");
  EXPECT_EQ(log.owners[0].owner, 615);
  EXPECT_EQ(log.owners[1].lock, "semaphore");
  EXPECT_EQ(log.owners[1].owner_name, "a:b");
  EXPECT_EQ(log.owners[2].lock, "rw-semaphore");
  EXPECT_EQ(log.owners[2].pid, 7);
  EXPECT_EQ(log.owners[2].owner, 8);
}

TEST(KernelLog, KnowsARecoveryUntilItIsDone) {
  const std::string begun =
      "[   71.798074] dlm: closing connection to node 2\n"
      "[   71.841010] dlm: data: dlm_recover 3\n"
      "[   71.843814] dlm: data: remove member 2\n";
  const std::string rebuilt = begun +
                              "[   71.851756] dlm: data: dlm_recover 3 generation 3 done: 8 ms\n"
                              "[   71.853105] gfs2: fsid=lab:data.1: jid=0: Trying to acquire "
                              "journal glock...\n";
  ASSERT_TRUE(read_kernel_log(begun).recovery);
  EXPECT_EQ(read_kernel_log(begun).recovery->node, 2);
  ASSERT_TRUE(read_kernel_log(rebuilt).recovery);
  EXPECT_EQ(read_kernel_log(rebuilt).recovery->what, "journal 0");
  EXPECT_FALSE(read_kernel_log(rebuilt + "gfs2: fsid=lab:data.1: jid=0: Done\n").recovery);
}

TEST(Tasks, AreReadAsTheAgentWritesThem) {
  const auto tasks = read_tasks(
      "task 100 103\n"
      "stat 103 (a) b) (c) D 106 103 1 0 -1 4194304 85 0 0 0 12 34 0 0 20 0 1 0 100 0 0\n"
      "wchan gfs2_glock_wait\n"
      "syscall 17 0x4 0x7f3b88297000\n"
      "unknown word\n"
      "stack [<0>] gfs2_glock_wait+0x52/0xd0\n"
      "stack [<0>] gfs2_fault+0x4f/0xa0 [gfs2]\n"
      "task 100 104\n"
      "error stack: Permission denied\n"
      "task x y\n"
      "stat 9 (lost) R 1\n");
  ASSERT_EQ(tasks.size(), 2u);
  const TaskSample& task = tasks.at(103);
  EXPECT_EQ(task.process, 100);
  EXPECT_EQ(task.name, "a) b) (c");
  EXPECT_EQ(task.state, 'D');
  EXPECT_EQ(task.user_ticks, 12u);
  EXPECT_EQ(task.kernel_ticks, 34u);
  EXPECT_EQ(task.waits_in, "gfs2_glock_wait");
  EXPECT_EQ(task.syscall, "17 0x4 0x7f3b88297000");
  EXPECT_THAT(task.frames, ElementsAre("gfs2_glock_wait", "gfs2_fault"));
  EXPECT_FALSE(tasks.at(104).has_stat);
  EXPECT_EQ(tasks.at(104).error, "stack: Permission denied");
}

TEST(Ocfs2Locks, AreReadInTheKernelsForm) {
  std::vector<Ocfs2Lock> locks;
  const std::string name = "M000000000000000000424900000000";
  each_ocfs2_lock(
      "0x4\t" + name + "\t0\t0x43\t0x1\t0x0\t2\t0\t3\t-1\t0x0\t0x0\t\nrubbish\n0x4\t\t\n",
      [&](const Ocfs2Lock& lock) { locks.push_back(lock); });
  ASSERT_EQ(locks.size(), 1u);
  EXPECT_EQ(locks[0].level, DlmMode::NL);
  EXPECT_EQ(locks[0].requested, DlmMode::PR);
  EXPECT_EQ(locks[0].readers, 2u);
  EXPECT_TRUE(locks[0].waits());
  EXPECT_EQ(locks[0].used(), DlmMode::PR);
  EXPECT_EQ(ocfs2_type_name(name), "meta");
  EXPECT_EQ(ocfs2_inode(name), 0x4249u);
  EXPECT_EQ(ocfs2_inode("S000000000000000000000200000000"), 0u);
}

}  // namespace
}  // namespace gridlock::diagnosis
