// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/standstill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gridlock {
namespace {

using diagnosis::ChainEnd;
using diagnosis::Diagnosis;
using diagnosis::Doing;
using diagnosis::TaskState;
using ::testing::HasSubstr;

constexpr int kWorker = 103;

/// What two looks, 2 s apart, show of a workload's only worker on node1.
struct Case {
  TaskState worker{.name = "mmap-dio",
                   .where = TaskState::Where::sleeping,
                   .doing = Doing::other,
                   .function = "gfs2_fault",
                   .seen_twice = true};
  StillNode node{"node1",
                 false,
                 {},
                 {kWorker},
                 Milliseconds{2'000},
                 std::pair{DiskMoves{7, 0}, DiskMoves{7, 0}}};
  Diagnosis diagnosis;

  Standstill judge() {
    diagnosis.states[{"node1", kWorker}] = worker;
    // Somebody else's task, who does what would excuse the worker.
    diagnosis.states[{"node1", 4711}] = {.name = "kworker", .doing = Doing::writeback};
    return judge_standstill(diagnosis, node);
  }
  void chain(ChainEnd::Kind end, const std::string& sentence) {
    worker.doing = Doing::lock;
    diagnosis.kind = Diagnosis::Kind::chain;
    diagnosis.nodes = {"node1", "node3"};
    diagnosis.sentence = sentence;
    diagnosis.end = ChainEnd{end, {}};
  }
};

TEST(Standstill, IsAStallIfItSleepsAndNothingMoves) {
  Case asleep;
  const Standstill seen = asleep.judge();
  EXPECT_EQ(seen.kind, Standstill::Kind::stall);
  EXPECT_EQ(seen.text, "mmap-dio/103 sleeps in gfs2_fault");
}

TEST(Standstill, IsASpinIfItKeepsAProcessorBusyInTheKernel) {
  Case spins;
  spins.worker.where = TaskState::Where::running;
  spins.worker.kernel_ticks = 190;
  // A loop that reads the same pages again and again is no progress, though the disk moves.
  spins.node.disk->second.transfers = 5'000;
  const Standstill seen = spins.judge();
  EXPECT_EQ(seen.kind, Standstill::Kind::spin);
  EXPECT_THAT(seen.text, HasSubstr("95 % of a processor in the kernel"));
}

TEST(Standstill, IsASpinIfTwoShareTheProcessor) {
  Case spins;
  spins.worker.kernel_ticks = 80;
  spins.node.tasks.insert(104);
  spins.diagnosis.states[{"node1", 104}] = spins.worker;
  EXPECT_EQ(spins.judge().kind, Standstill::Kind::spin);
}

TEST(Standstill, IsBelievedToBeALargeTransferForAWhileIfItAlsoWaitsForTheDisk) {
  Case busy;
  busy.worker.kernel_ticks = 190;
  EXPECT_EQ(busy.judge().belief, 1);
  busy.worker.kernel_ticks = 90;
  busy.worker.doing = Doing::writeback;
  EXPECT_EQ(busy.judge().kind, Standstill::Kind::spin);
  EXPECT_GT(busy.judge().belief, 1);
  // Unless it is what it was asked for.
  busy.worker.doing = Doing::fsync;
  busy.node.disk->second.transfers = 5'000;
  EXPECT_EQ(busy.judge().kind, Standstill::Kind::slow);
}

TEST(Standstill, IsNoSpinIfItOnlyWakesUpNowAndThen) {
  Case wakes;
  wakes.worker.kernel_ticks = 20;
  EXPECT_EQ(wakes.judge().kind, Standstill::Kind::stall);
}

TEST(Standstill, IsSlowWhileTheProgramComputes) {
  Case computes;
  computes.worker.user_ticks = 180;
  EXPECT_EQ(computes.judge().kind, Standstill::Kind::slow);
}

TEST(Standstill, IsSlowIfTheProgramSleepsBecauseItAskedTo) {
  Case sleeps;
  sleeps.worker.function = "hrtimer_nanosleep";
  EXPECT_EQ(sleeps.judge().kind, Standstill::Kind::slow);
  // Its parent may; a worker that hangs beside it does not.
  sleeps.node.tasks.insert(104);
  sleeps.diagnosis.states[{"node1", 104}] = Case().worker;
  EXPECT_EQ(sleeps.judge().kind, Standstill::Kind::stall);
  EXPECT_EQ(sleeps.judge().text, "mmap-dio/104 sleeps in gfs2_fault");
}

TEST(Standstill, IsToldAsStoppedIfAProcessIs) {
  Case stopped;
  stopped.worker.where = TaskState::Where::stopped;
  EXPECT_EQ(stopped.judge().kind, Standstill::Kind::stopped);
}

TEST(Standstill, IsSlowInALongFsyncAsLongAsTheDiskMoves) {
  Case syncs;
  syncs.worker.doing = Doing::fsync;
  syncs.node.disk->second.transfers = 9;
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::slow);
  syncs.node.disk->second.transfers = 7;
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::stall);
  syncs.node.disk.reset();
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::stall);
}

TEST(Standstill, IsSlowInALongFsyncWhileTheDiskHasNotAnswered) {
  Case syncs;
  syncs.worker.doing = Doing::fsync;
  syncs.node.disk = std::pair{DiskMoves{7, 3}, DiskMoves{7, 3}};
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::slow);
  EXPECT_THAT(syncs.judge().text, HasSubstr("the disk has not answered"));
  // It was asked only just now.
  syncs.node.disk = std::pair{DiskMoves{7, 0}, DiskMoves{7, 3}};
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::stall);
  // What waits for a lock does not wait for the disk.
  syncs.worker.doing = Doing::lock;
  syncs.node.disk = std::pair{DiskMoves{7, 3}, DiskMoves{7, 3}};
  EXPECT_EQ(syncs.judge().kind, Standstill::Kind::stall);
}

TEST(Standstill, IsSlowWhileATaskWorksInTheKernel) {
  Case mounts;
  mounts.worker.where = TaskState::Where::running;
  mounts.worker.kernel_ticks = 10;
  mounts.worker.function = "gfs2_quota_init";
  EXPECT_EQ(mounts.judge().kind, Standstill::Kind::slow);
  // Unless another one waits for a lock and the disk does nothing.
  mounts.node.tasks.insert(104);
  mounts.diagnosis.states[{"node1", 104}] = Case().worker;
  mounts.diagnosis.states[{"node1", 104}].doing = Doing::lock;
  EXPECT_EQ(mounts.judge().kind, Standstill::Kind::stall);
  mounts.node.disk->second.transfers = 8;
  EXPECT_EQ(mounts.judge().kind, Standstill::Kind::slow);
  EXPECT_THAT(mounts.judge().text, HasSubstr("gfs2_quota_init, and the disk moves"));
  EXPECT_GT(mounts.judge().belief, 1);
  // The sampler of a program whose others hang wakes up now and then, too.
  mounts.node.tasks.erase(104);
  mounts.worker.function = "hrtimer_nanosleep";
  EXPECT_EQ(mounts.judge().kind, Standstill::Kind::stall);
}

TEST(Standstill, IsSlowDuringARecovery) {
  Case recovers;
  recovers.worker.doing = Doing::recovery;
  EXPECT_EQ(recovers.judge().kind, Standstill::Kind::slow);
  Case behind;
  behind.chain(ChainEnd::Kind::recovery, "waits for recovery of node3");
  EXPECT_EQ(behind.judge().kind, Standstill::Kind::slow);
}

TEST(Standstill, WaitsForANodeThatDoesNotAnswer) {
  Case waits;
  waits.chain(ChainEnd::Kind::nobody, "node1 mmap-dio/103 waits for 2/4269, which nobody holds");
  EXPECT_EQ(waits.judge().kind, Standstill::Kind::stall);
  waits.node.silent_others = {"node3"};
  EXPECT_EQ(waits.judge().kind, Standstill::Kind::slow);
  EXPECT_THAT(waits.judge().text, HasSubstr("and node3 does not answer"));
  waits.node.silent_others = {"node2", "node3"};
  EXPECT_THAT(waits.judge().text, HasSubstr("and node2 and node3 do not answer"));
  Case silent;
  silent.node.silent = true;
  EXPECT_EQ(silent.judge().kind, Standstill::Kind::slow);
}

TEST(Standstill, IsAStallOfANodeThatDoesNotTellWhatItsTasksDo) {
  Case untold;
  untold.node.tasks.clear();
  EXPECT_EQ(untold.judge().kind, Standstill::Kind::stall);
  EXPECT_EQ(untold.judge().text, "it did not tell in time what its tasks do");
  EXPECT_GT(untold.judge().belief, 1);
}

TEST(Standstill, IsSlowIfAllThatIsLackingIsAProcessor) {
  Case ready;
  ready.worker.where = TaskState::Where::running;
  ready.worker.function.clear();
  ready.worker.user_ticks = 12;
  EXPECT_EQ(ready.judge().kind, Standstill::Kind::slow);
  EXPECT_THAT(ready.judge().text, HasSubstr("it is ready to run"));
  // Another one that waits in the kernel is what stands still.
  ready.node.tasks.insert(104);
  ready.diagnosis.states[{"node1", 104}] = Case().worker;
  EXPECT_EQ(ready.judge().kind, Standstill::Kind::stall);
}

TEST(Standstill, SaysWhatTheChainEndsIn) {
  Case waits;
  waits.chain(ChainEnd::Kind::ended,
              "node1 mmap-dio/103 waits for 2/4269, held by a task that has ended");
  const Standstill seen = waits.judge();
  EXPECT_EQ(seen.kind, Standstill::Kind::stall);
  EXPECT_EQ(seen.text, waits.diagnosis.sentence);
}

TEST(Standstill, IsNotExplainedByAChainElsewhere) {
  Case elsewhere;
  elsewhere.chain(ChainEnd::Kind::recovery, "node2 waits for recovery of node3");
  elsewhere.diagnosis.nodes = {"node2", "node3"};
  EXPECT_EQ(elsewhere.judge().kind, Standstill::Kind::stall);
}

}  // namespace
}  // namespace gridlock
