// SPDX-License-Identifier: GPL-2.0-or-later
// What waits that form no cycle lead to, and where tasks are.
#include <gtest/gtest.h>

#include "diagnosis/diagnose.h"
#include "support/lock_dumps.h"

namespace gridlock::diagnosis {
namespace {

using Frames = std::vector<std::string>;

/// Node 1's task 108 waits for node 2's task 117, which is as `tasks` and `console` say.
Look waiting_for(const std::string& tasks, const std::string& console = {}) {
  Look look = abba();
  replace(look[1].glocks, " H: s:SH f:W e:0 p:117 [mdio] __do_fault+0x2a/0xa0\n", "");
  look[1].tasks = tasks;
  look[1].console = console;
  return look;
}

ChainEnd end_of(const Look& first, const Look& second) {
  const Diagnosis diagnosis = diagnose(first, second, {});
  EXPECT_EQ(diagnosis.kind, Diagnosis::Kind::chain);
  return diagnosis.end.value_or(ChainEnd{});
}
ChainEnd end_of(const Look& look) { return end_of(look, look); }

TEST(Chain, NamesWhatTheHolderDoes) {
  struct Case {
    Frames frames;
    ChainEnd::Kind kind;
    std::string text;
    bool passes;
  };
  const std::vector<Case> cases{
      {{"schedule", "io_schedule", "folio_wait_writeback", "gfs2_fsync", "do_fsync"},
       ChainEnd::Kind::fsync,
       "holder is in fsync",
       true},
      {{"schedule", "io_schedule", "gfs2_log_flush", "gfs2_write_inode"},
       ChainEnd::Kind::log_flush,
       "holder is in log flush",
       true},
      {{"schedule", "do_writepages", "wb_workfn"},
       ChainEnd::Kind::writeback,
       "holder is in writeback",
       true},
      {{"schedule", "io_schedule", "__iomap_dio_rw"},
       ChainEnd::Kind::block_io,
       "holder is in block I/O",
       true},
      {{"schedule", "swapin", "handle_mm_fault"},
       ChainEnd::Kind::page_fault,
       "holder is in a page fault",
       false},
      {{"schedule", "do_nanosleep", "hrtimer_nanosleep"},
       ChainEnd::Kind::sleeping,
       "holder is sleeping in do_nanosleep",
       false},
      {{"schedule", "rwsem_down_read_slowpath", "down_read", "dlm_lock"},
       ChainEnd::Kind::recovery,
       "waits for recovery on node2",
       true},
  };
  for (const Case& each : cases) {
    const ChainEnd end = end_of(waiting_for(task(117, 'D', each.frames)));
    EXPECT_EQ(end.kind, each.kind) << each.text;
    EXPECT_EQ(end.text, each.text);
    EXPECT_EQ(end.passes(), each.passes) << each.text;
    // The kernel's log says it as well.
    EXPECT_EQ(end_of(waiting_for({}, blocked(117, each.frames))).kind, each.kind) << each.text;
  }
}

TEST(Chain, SentenceNamesTheWayAndItsEnd) {
  const Look look = waiting_for(task(117, 'D', {"schedule", "gfs2_fsync"}));
  const Diagnosis diagnosis = diagnose(look, look, {{{0x4269, "y"}}});
  EXPECT_EQ(diagnosis.sentence,
            "no cycle: node1 mdio/108 waits for glock 2/4269 (SH, file y) held by node2 "
            "mdio/117; holder is in fsync");
  EXPECT_EQ(diagnosis.identity, "waits:gfs2:[SH inode]:fsync");
  EXPECT_EQ(diagnosis.title, "waits: node1, node2, 1 glock, holder is in fsync");
}

TEST(Chain, TellsASpinFromASleepAndUserSpaceFromTheKernel) {
  const Frames none;
  EXPECT_EQ(
      end_of(waiting_for(task(117, 'R', none, 0, 0)), waiting_for(task(117, 'R', none, 90, 2)))
          .kind,
      ChainEnd::Kind::user_space);
  EXPECT_EQ(
      end_of(waiting_for(task(117, 'R', none, 0, 0)), waiting_for(task(117, 'R', none, 2, 90)))
          .kind,
      ChainEnd::Kind::kernel_spin);
  const Diagnosis diagnosis = diagnose(waiting_for(task(117, 'S', {"f"}, 5, 5)),
                                       waiting_for(task(117, 'S', {"f"}, 5, 5)), {});
  const TaskState& state = diagnosis.states.at({"node2", 117});
  EXPECT_EQ(state.where, TaskState::Where::sleeping);
  EXPECT_TRUE(state.seen_twice);
  EXPECT_EQ(state.text(), "sleeps in f");
}

TEST(Chain, EndsInAStoppedTask) {
  EXPECT_EQ(end_of(waiting_for(task(117, 'T', {}))).kind, ChainEnd::Kind::stopped);
  EXPECT_EQ(end_of(waiting_for(task(117, 't', {}))).kind, ChainEnd::Kind::stopped);
}

TEST(Chain, EndsInATaskThatHasEndedOrInTheMount) {
  const auto look = [](const std::string& holder) {
    NodeLook node{.node = "node1", .dlm_id = 1};
    node.glocks = glock("2/a", "EX", {holder, wants(7, "EX")});
    return Look{node};
  };
  const ChainEnd ended = end_of(look("s:EX f:eEH e:0 p:8 [(ended)]"));
  EXPECT_EQ(ended.kind, ChainEnd::Kind::ended);
  EXPECT_EQ(ended.text, "held by a task that has ended");
  EXPECT_EQ(end_of(look("s:EX f:H e:0 p:0 [(none)]")).kind, ChainEnd::Kind::mount);
}

TEST(Chain, EndsInNobodyAReplyOrARecovery) {
  NodeLook node{.node = "node1", .dlm_id = 1};
  node.glocks = glock("2/a", "UN", {wants(7, "EX")});
  EXPECT_EQ(end_of({node}).text, "waits for a lock nobody holds");

  node.dlm_waiters = "3a 1 3        2               a\n";
  const ChainEnd reply = end_of({node});
  EXPECT_EQ(reply.kind, ChainEnd::Kind::reply);
  EXPECT_EQ(reply.text, "waits for a reply of node3");

  node.console = "dlm: data: dlm_recover 3\ndlm: data: remove member 3\n";
  const ChainEnd recovery = end_of({node});
  EXPECT_EQ(recovery.kind, ChainEnd::Kind::recovery);
  EXPECT_EQ(recovery.text, "waits for recovery of node3");
  EXPECT_TRUE(recovery.passes());

  NodeLook frozen{.node = "node1", .dlm_id = 1};
  frozen.glocks = glock("2/a", "UN", {wants(7, "EX")}, "FIq");
  EXPECT_EQ(end_of({frozen}).kind, ChainEnd::Kind::recovery);
}

TEST(Chain, EndsInANodeThatDidNotAnswerBeforeItEndsInNobody) {
  NodeLook node{.node = "node1", .dlm_id = 1};
  node.glocks = glock("2/a", "UN", {wants(7, "EX")});
  const NodeLook silent{.node = "node2", .dlm_id = 2};
  const ChainEnd end = end_of({node, silent});
  EXPECT_EQ(end.kind, ChainEnd::Kind::silent);
  EXPECT_EQ(end.text, "node2 did not answer");
}

TEST(Chain, FollowsAnUnusedLockToTheTaskThatGivesItDown) {
  Look look = abba();
  replace(look[1].glocks, " H: s:DF f:H e:0 p:117 [mdio] vfs_read+0x1e2/0x280\n", "");
  look[1].tasks = task(25, 'D',
                       {"schedule", "io_schedule", "gfs2_log_flush", "inode_go_sync", "do_xmote",
                        "glock_work_func"});
  replace(look[1].tasks, "(mdio)", "(kworker/u2:1)");
  const Diagnosis diagnosis = diagnose(look, look, {});
  EXPECT_EQ(diagnosis.sentence,
            "no cycle: node2 mdio/117 waits for glock 2/4249 (SH) held by node1 mdio/108, which "
            "waits for 2/4269 (SH) being given down by node2 kworker/u2:1/25; holder is in log "
            "flush");
  EXPECT_EQ(diagnosis.end->kind, ChainEnd::Kind::log_flush);
}

TEST(Chain, OfDlmLocksWithoutGlocksNamesTheTaskThatWaits) {
  const std::string resource = "clvm";
  NodeLook one{.node = "node1", .dlm_id = 1};
  one.dlm_locks = "1 2 7 50 0 0 0 1 -1 5 100 2 4 \"" + resource + "\"\n";
  NodeLook two{.node = "node2", .dlm_id = 2};
  two.dlm_locks = "9 0 0 60 0 0 0 2 3 -1 100 0 4 \"" + resource + "\"\n" +
                  "7 1 1 50 0 0 10000 1 -1 5 100 0 4 \"" + resource + "\"\n";
  const Diagnosis diagnosis = diagnose({one, two}, {one, two}, {});
  EXPECT_EQ(diagnosis.sentence,
            "no cycle: node1 /50 waits for DLM resource \"clvm\" (EX); held on node2, by which "
            "task is not known");
}

}  // namespace
}  // namespace gridlock::diagnosis
