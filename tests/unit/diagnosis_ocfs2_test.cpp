// SPDX-License-Identifier: GPL-2.0-or-later
// OCFS2's locks: waits that are told, and those that are not, because the file system names no
// tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "diagnosis/diagnose.h"
#include "diagnosis/ocfs2_locks.h"
#include "fuzz/diagnosis_invariants.h"

namespace gridlock::diagnosis {
namespace {

using testing::HasSubstr;

const std::string kMeta = "M000000000000000000424900000000";
const std::string kFlock = "F000000000000000000424900000000";

/// A row of locking_state as it matters here.
struct Row {
  std::string name;
  int level = 0;
  std::string flags = "0x41";
  int readers = 0;
  int writers = 0;
  int requested = -1;
  int blocking = -1;
};

std::string text_of(const Row& row) {
  std::string text = "0x4\t" + row.name + "\t" + std::to_string(row.level) + "\t" + row.flags +
                     "\t0x0\t0x0\t" + std::to_string(row.readers) + "\t" +
                     std::to_string(row.writers) + "\t" + std::to_string(row.requested) + "\t" +
                     std::to_string(row.blocking) + "\t";
  for (int i = 0; i < 64; ++i) text += "0x0\t";
  return text + "1\t1\t0\t0\t5\t5\t5\t5\t0\t0\t0\t0\t\n";
}

std::string task(int pid, const std::string& name, const std::vector<std::string>& frames) {
  std::string text = "task " + std::to_string(pid) + " " + std::to_string(pid) + "\nstat " +
                     std::to_string(pid) + " (" + name + ") D 1 1 1 0 -1 0 0 0 0 0 1 1 0\n";
  for (const std::string& frame : frames) text += "stack [<0>] " + frame + "+0x1/0x2\n";
  return text;
}

NodeLook node(int id, const std::vector<Row>& rows, const std::string& tasks) {
  NodeLook look{.node = "node" + std::to_string(id), .dlm_id = id};
  for (const Row& row : rows) look.ocfs2_locks += text_of(row);
  look.tasks = tasks;
  return look;
}

Diagnosis seen(const Look& look) { return diagnose(look, look, {}); }

/// node1's task has a lock that node2 asks for, and asks for it once more.
NodeLook recursing() {
  return node(1, {{kMeta, 3, "0x145", 1, 0, 3, 5}},
              task(101, "mdio", {"__ocfs2_cluster_lock", "ocfs2_inode_lock_full_nested"}));
}
NodeLook asking() {
  return node(2, {{kMeta, 0, "0x43", 0, 0, 5}}, task(102, "mdio", {"__ocfs2_cluster_lock"}));
}

TEST(Ocfs2Waits, ATaskThatAsksAgainForALockItHasToGiveDownIsADeadlock) {
  const Diagnosis deadlock = seen({recursing(), asking()});
  ASSERT_EQ(deadlock.kind, Diagnosis::Kind::cycle) << deadlock.sentence;
  EXPECT_EQ(deadlock.waits.size(), 2u);
  EXPECT_THAT(deadlock.sentence, HasSubstr("node1 mdio/101"));
  EXPECT_THAT(deadlock.sentence, HasSubstr("node2 mdio/102"));
}

TEST(Ocfs2Waits, WhoHasTheLockIsNotKnownWhereAnotherTaskIsInOcfs2) {
  NodeLook crowded = recursing();
  crowded.tasks += task(150, "fio", {"submit_bio_wait", "ocfs2_file_read_iter"});
  EXPECT_NE(seen({crowded, asking()}).kind, Diagnosis::Kind::cycle);
  NodeLook with_threads = recursing();
  with_threads.tasks += task(60, "ocfs2cmt-0123", {"io_schedule", "ocfs2_commit_thread"});
  EXPECT_EQ(seen({with_threads, asking()}).kind, Diagnosis::Kind::cycle)
      << "OCFS2's own threads have no file's lock";
}

TEST(Ocfs2Waits, ATaskIsNotRefusedALockThatStaysOfUseToIt) {
  // Asked for in PR, a node that has it may read on; only writers wait.
  Row reading{kMeta, 3, "0x145", 1, 0, 3, 3};
  std::string text = text_of(reading);
  each_ocfs2_lock(text, [](const Ocfs2Lock& lock) {
    EXPECT_EQ(lock.blocking, DlmMode::PR);
    EXPECT_EQ(lock.refused(), DlmMode::EX);
  });
  reading.flags = "0x41";  // nobody asks any more
  text = text_of(reading);
  each_ocfs2_lock(text, [](const Ocfs2Lock& lock) { EXPECT_EQ(lock.refused(), DlmMode::none); });
}

TEST(Ocfs2Waits, ALockNobodyUsesIsToBeGivenDown) {
  const Diagnosis chain = seen({node(1, {{kMeta, 5, "0x145", 0, 0, 5, 5}}, ""), asking()});
  ASSERT_EQ(chain.kind, Diagnosis::Kind::chain);
  ASSERT_TRUE(chain.end);
  EXPECT_THAT(chain.sentence, HasSubstr("node1 does not use it and does not give it down"));
}

TEST(Ocfs2Waits, EveryOpenFileHasAFlockOfItsOwn) {
  EXPECT_EQ(ocfs2_type_name(kFlock), "flock");
  EXPECT_EQ(ocfs2_inode(kFlock), 0x4249u);
  const Diagnosis chain =
      seen({node(1, {{kFlock, 5, "0xa41", 0, 0, 5}, {kFlock, 0, "0x243", 0, 0, 5}},
                 task(101, "flock", {"ocfs2_file_lock", "ocfs2_flock"}))});
  ASSERT_EQ(chain.kind, Diagnosis::Kind::chain) << "the one that has it is another task";
  EXPECT_THAT(chain.sentence, HasSubstr("node1 flock/101"));
  EXPECT_THAT(chain.sentence, HasSubstr("held on node1"));
}

/// Two nodes whose flock(1) has the lock of one file and waits for the other's, as Linux 6.1 told
/// it with o2cb.
Look real_flocks() {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/diagnosis/ocfs2_flocks", std::ios::binary);
  Look look = fuzz::look_of(std::string{std::istreambuf_iterator<char>(in), {}});
  look[1].dlm_id = 2;
  return look;
}

TEST(Ocfs2Locks, EveryRowOfARealDumpIsRead) {
  for (const NodeLook& node : real_flocks()) {
    std::size_t rows = 0;
    std::size_t waited = 0;
    std::size_t held_flocks = 0;
    each_ocfs2_lock(node.ocfs2_locks, [&](const Ocfs2Lock& lock) {
      ++rows;
      waited += lock.waits() ? 1 : 0;
      EXPECT_NE(ocfs2_type_name(lock.resource), "ocfs2") << lock.resource;
      if (lock.resource.starts_with('F') && lock.used() == DlmMode::EX) ++held_flocks;
    });
    EXPECT_EQ(rows, static_cast<std::size_t>(
                        std::count(node.ocfs2_locks.begin(), node.ocfs2_locks.end(), '\n')));
    EXPECT_GT(rows, 50u);
    EXPECT_EQ(waited, 1u) << "what was asked for once and granted is no wait";
    EXPECT_EQ(held_flocks, 1u) << "flock's users are not counted";
  }
}

TEST(Ocfs2Waits, ARealDeadlockOverTwoNodesIsNamed) {
  const Look look = real_flocks();
  const Diagnosis deadlock = diagnose(look, look, {{{21027, "b"}, {21028, "a"}}});
  ASSERT_EQ(deadlock.kind, Diagnosis::Kind::cycle) << deadlock.sentence;
  EXPECT_EQ(deadlock.identity, "deadlock:ocfs2:2nodes:[EX>EX flock]x2");
  EXPECT_THAT(deadlock.sentence, HasSubstr("node1 flock/103 holds OCFS2 lock F"));
  EXPECT_THAT(deadlock.sentence, HasSubstr("file a"));
  EXPECT_THAT(deadlock.sentence, HasSubstr("node2 flock/100"));
}

}  // namespace
}  // namespace gridlock::diagnosis
