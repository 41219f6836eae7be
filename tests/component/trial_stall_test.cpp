// SPDX-License-Identifier: GPL-2.0-or-later
// What a trial makes of workers that stand still, over machines that are scripts on a fake clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A thread of the workload as the agent tells of it. Ticks are of 10 ms.
std::string task(int pid, char state, int user_ticks, int kernel_ticks,
                 const std::vector<std::string>& stack) {
  std::string text = "task " + std::to_string(pid) + " " + std::to_string(pid) + "\nstat " +
                     std::to_string(pid) + " (mmap-dio) " + state + " 1 100 100 0 -1 0 0 0 0 0 " +
                     std::to_string(user_ticks) + " " + std::to_string(kernel_ticks) +
                     " 0 0 20 0 1 0 5 0 0\n";
  for (const std::string& function : stack) text += "stack [<0>] " + function + "+0x1/0x2\n";
  return text;
}

const std::vector<std::string> kGlockWait{"gfs2_glock_wait",     "gfs2_glock_nq",
                                          "gfs2_fault",          "__do_fault",
                                          "iov_iter_get_pages2", "gfs2_file_read_iter"};

class StallTest : public testing::Test {
 protected:
  StallTest() {
    std::string pattern =
        (std::filesystem::path(GRIDLOCK_BINARY_DIR) / "stall-test-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    for (const int node : {1, 2}) {
      NodeScript& script = lab_.script(node);
      script.finishes = false;
      script.files["/proc/self/mountinfo"] = "30 21 254:16 / /mnt/shared rw - gfs2 /dev/vdb rw\n";
      disk_moved(node, 0);
    }
    plan_.watch.stall = Milliseconds{5'000};
  }
  ~StallTest() override { std::filesystem::remove_all(directory_); }

  void disk_moved(int node, int transfers) {
    lab_.script(node).files["/proc/diskstats"] =
        " 254 16 vdb " + std::to_string(transfers) + " 0 0 0 0 0 0 0 0 0 0\n";
  }

  /// From `begin` after the workload's start on, nothing is counted on a node; for good, or until
  /// `end`, and then it ends well.
  void stand_still(int node, int begin_ms, int end_ms = 0) {
    NodeScript& script = lab_.script(node);
    const auto before = script.on_work;
    script.on_work = [this, node, begin_ms, end_ms, before] {
      if (before) before();
      loop_.after(Milliseconds{begin_ms}, [&, node] { lab_.script(node).makes_progress = false; });
      if (end_ms == 0) return;
      loop_.after(Milliseconds{end_ms}, [&, node] {
        lab_.script(node).makes_progress = true;
        lab_.script(node).finishes = true;
      });
    };
  }

  /// Something about a node that goes on all the time.
  void every(int ms, std::function<void()> task) { loop_.every(Milliseconds{ms}, std::move(task)); }

  /// Both nodes as they stood in a real deadlock: node 1 reads x into a mapping of y, node 2 y into
  /// one of x.
  void wait_for_each_other() {
    const auto lock = [](const std::string& grmode, const std::string& rqmode,
                         const std::string& status, const std::string& glock) {
      return "1c 0 0 103 0 1c 0 " + status + " " + grmode + " " + rqmode +
             " 45651091 0 24 \"       2            " + glock + "\"\n";
    };
    const auto holds = [](const std::string& glock, int pid) {
      return "G:  s:DF n:2/" + glock +
             " f:lIqob t:DF d:UN/0 a:0 v:0 r:5 m:38 p:1\n H: s:DF f:H e:0 p:" +
             std::to_string(pid) + " [mmap-dio] vfs_read+0x1e2/0x280\n";
    };
    const auto wants = [](const std::string& glock, int pid) {
      return "G:  s:DF n:2/" + glock +
             " f:lIqob t:SH d:EX/0 a:0 v:0 r:5 m:38 p:1\n H: s:SH f:W e:0 p:" +
             std::to_string(pid) + " [mmap-dio] __do_fault+0x2a/0xa0\n";
    };
    const std::string glocks = "/sys/kernel/debug/gfs2/sample:data/glocks";
    const std::string locks = "/sys/kernel/debug/dlm/data_locks";
    lab_.script(1).files[glocks] = holds("4249", 103) + wants("4269", 103);
    lab_.script(2).files[glocks] = holds("4269", 107) + wants("4249", 107);
    lab_.script(1).files[locks] = lock("2", "-1", "2", "4249") + lock("-1", "3", "3", "4269");
    lab_.script(2).files[locks] = lock("2", "-1", "2", "4269") + lock("-1", "3", "3", "4249");
    lab_.script(1).tasks = task(103, 'D', 5, 70, kGlockWait);
    lab_.script(2).tasks = task(107, 'D', 5, 70, kGlockWait);
    lab_.script(1).starts["/gridlock/bin/gridlock-inodes"] = [this](std::int64_t process) {
      lab_.prints(1, process, "16969 node1.1.data\n17001 node2.1.data\n");  // 0x4249, 0x4269
      lab_.ends(1, process, 0);
    };
  }

  TrialRecord run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_);
    RunWriter results(directory_ / "results", plan_, RunRecord{}, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    folder_ = writer->directory();
    SilentObserver observer;
    return run_trial(setting, plan_.trials.front(), NodeSource{directory_ / "bzImage", {}}, *writer,
                     observer, stop_.get_token());
  }

  std::string events() const { return read_file(folder_ / "events.jsonl", Bytes::mib(4)); }
  std::string evidence(const TrialRecord& record, const std::string& name) const {
    return read_file(folder_ / "evidence" / decisive(record).id / name, Bytes::mib(4));
  }
  static const FindingRecord& decisive(const TrialRecord& record) {
    const auto found =
        std::find_if(record.findings.begin(), record.findings.end(),
                     [&](const FindingRecord& finding) { return finding.title == record.reason; });
    return found == record.findings.end() ? record.findings.at(0) : *found;
  }
  static std::vector<std::string> kinds(const TrialRecord& record) {
    std::vector<std::string> all;
    for (const FindingRecord& finding : record.findings) all.push_back(finding.kind);
    return all;
  }
  static double work_began(const TrialRecord& record) {
    const auto step = std::find_if(record.steps.begin(), record.steps.end(),
                                   [](const StepRecord& one) { return one.name == "work"; });
    return step->begin;
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  std::stop_source stop_;
  std::filesystem::path directory_;
  std::filesystem::path folder_;
};

TEST_F(StallTest, ACircleOfWaitsIsNamedLongBeforeTheKernelsCallTheTasksHung) {
  wait_for_each_other();
  stand_still(1, 1'000);
  stand_still(2, 1'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  const FindingRecord& deadlock = decisive(record);
  ASSERT_EQ(deadlock.kind, "deadlock") << record.reason;
  EXPECT_EQ(deadlock.title, "deadlock: node1 <-> node2, 2 glocks");
  EXPECT_EQ(deadlock.nodes, (std::vector<std::string>{"node1", "node2"}));
  EXPECT_THAT(deadlock.excerpt, HasSubstr("self-read/node1.1.data"));
  // The stall is seen 5 s after the last progress; 10 s are what the diagnosis may take then.
  EXPECT_LT(deadlock.at - work_began(record), 1 + 5 + 10);
  EXPECT_THAT(kinds(record), Contains("stall"));
}

TEST_F(StallTest, EvidenceOfBothLooksIsKeptWithTheFindingThatDecides) {
  wait_for_each_other();
  stand_still(1, 1'000);
  stand_still(2, 1'000);
  const TrialRecord record = run();
  for (const char* const look : {"1", "2"})
    EXPECT_THAT(evidence(record, std::string("node2/") + look + "/glocks.txt"),
                HasSubstr("n:2/4269"));
  EXPECT_THAT(evidence(record, "node1/2/tasks.txt"), HasSubstr("gfs2_glock_wait"));
  EXPECT_THAT(evidence(record, "diagnosis.json"), HasSubstr("\"cycle\""));
  EXPECT_THAT(evidence(record, "graph.dot"), HasSubstr("digraph"));
  EXPECT_THAT(evidence(record, "files.txt"), HasSubstr("16969 self-read/node1.1.data"));
}

TEST_F(StallTest, AProcessThatIsStoppedIsNoDeadlock) {
  wait_for_each_other();
  lab_.script(1).tasks = task(103, 'T', 5, 70, {"do_signal_stop", "get_signal"});
  stand_still(1, 1'000);
  stand_still(2, 1'000);
  const TrialRecord record = run();
  EXPECT_THAT(kinds(record), Not(Contains("deadlock")));
  EXPECT_EQ(record.findings.at(0).kind, "stall");
  EXPECT_THAT(record.findings.at(0).title, HasSubstr("a process of self-read is stopped"));
}

TEST_F(StallTest, AWorkerThatKeepsAProcessorBusyInTheKernelIsASpin) {
  stand_still(1, 1'000);
  lab_.script(2).finishes = true;
  int ticks = 0;
  every(100, [&] { lab_.script(1).tasks = task(103, 'R', 5, ticks += 10, {}); });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(decisive(record).kind, "spin");
  EXPECT_THAT(decisive(record).excerpt, HasSubstr("of a processor in the kernel"));
  EXPECT_THAT(decisive(record).excerpt, HasSubstr("made no progress for"));
}

TEST_F(StallTest, ALongFsyncIsNoStallWhileTheDiskMoves) {
  lab_.script(2).finishes = true;
  lab_.script(1).tasks =
      task(103, 'D', 5, 70,
           {"submit_bio_wait", "gfs2_log_flush", "gfs2_fsync", "do_fsync", "__x64_sys_fsync"});
  int transfers = 0;
  every(100, [&] { disk_moved(1, ++transfers); });
  stand_still(1, 1'000, 20'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(events(), HasSubstr("\"slow\""));
}

TEST_F(StallTest, ASlowMachineIsGivenMorePatience) {
  lab_.script(2).finishes = true;
  // Three times as slow as one of its kind.
  lab_.script(1).starts["/gridlock/bin/gridlock-pace"] = [this](std::int64_t process) {
    lab_.prints(1, process, "pace 135000000 1\n");
    lab_.ends(1, process, 0);
  };
  lab_.script(1).tasks = task(103, 'S', 5, 70, {"gfs2_fault"});
  stand_still(1, 1'000, 12'000);
  EXPECT_EQ(run().outcome, Outcome::passed);
}

TEST_F(StallTest, ANodeThatTheHostHeldBackIsGivenMorePatience) {
  lab_.script(2).finishes = true;
  lab_.script(1).tasks = task(103, 'S', 5, 70, {"gfs2_fault"});
  // The other node ran a quarter of the time it wanted to.
  every(100, [&] {
    ProcessorTime& time = lab_.script(2).thread_times[4711];
    time.ran += std::chrono::milliseconds{25};
    time.waited += std::chrono::milliseconds{75};
  });
  stand_still(1, 1'000, 12'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(events(), HasSubstr("\"slow\""));
}

TEST_F(StallTest, TheSameStandstillOfAFastMachineIsAStall) {
  lab_.script(2).finishes = true;
  lab_.script(1).tasks = task(103, 'S', 5, 70, {"gfs2_fault"});
  stand_still(1, 1'000, 12'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_THAT(decisive(record).excerpt, HasSubstr("sleeps in gfs2_fault"));
}

TEST_F(StallTest, WhoWaitsForANodeThatIsSilentIsNotToBlame) {
  wait_for_each_other();
  lab_.script(2).on_work = [this] { loop_.after(Milliseconds{1'000}, [this] { lab_.hang(2); }); };
  stand_still(1, 1'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(decisive(record).kind, "silent");
  EXPECT_EQ(decisive(record).nodes, std::vector<std::string>{"node2"});
  EXPECT_THAT(kinds(record), Not(Contains("deadlock")));
  EXPECT_THAT(kinds(record), Not(Contains("stall")));
  EXPECT_THAT(decisive(record).excerpt, HasSubstr("its agent was last heard"));
}

TEST_F(StallTest, ANodeThatAnswersNothingDelaysTheEvidenceOfOthersOnce) {
  lab_.script(1).tasks = task(103, 'D', 5, 70, {"submit_bio_wait", "gfs2_log_flush"});
  stand_still(1, 1'000);
  lab_.script(2).on_work = [this] { loop_.after(Milliseconds{5'000}, [this] { lab_.hang(2); }); };
  const TrialRecord record = run();
  EXPECT_EQ(decisive(record).kind, "stall") << record.reason;
  EXPECT_THAT(events(), HasSubstr("all else on node2: it answers nothing"));
  EXPECT_THAT(events(), HasSubstr("glocks on node2: no answer within"));
  EXPECT_THAT(events(), Not(HasSubstr("sysrq-w on node2")));
  EXPECT_THAT(events(), Not(HasSubstr("trace on node2")));
}

TEST_F(StallTest, ANodeThatTheHostHasPausedIsTheHostsDoing) {
  wait_for_each_other();
  lab_.script(2).on_work = [this] {
    loop_.after(Milliseconds{1'000}, [this] { lab_.pause("gl-node2", [](std::exception_ptr) {}); });
  };
  stand_still(1, 1'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("node2 has said nothing for 20s: is paused"));
  EXPECT_THAT(kinds(record), Not(Contains("silent")));
  EXPECT_THAT(kinds(record), Not(Contains("stall")));
  EXPECT_TRUE(record.findings.at(0).secondary);
}

TEST_F(StallTest, ASilentNodeIsLookedAtFromOutside) {
  lab_.script(2).on_work = [this] { loop_.after(Milliseconds{1'000}, [this] { lab_.hang(2); }); };
  plan_.watch.memory_image = MemoryImage::on_hang;
  const TrialRecord record = run();
  EXPECT_EQ(decisive(record).kind, "silent");
  EXPECT_THAT(evidence(record, "node2/registers.txt"), HasSubstr("RAX="));
  EXPECT_THAT(evidence(record, "node2/machine.txt"), HasSubstr("runs"));
  EXPECT_THAT(evidence(record, "node2/memory.kdump"), HasSubstr("KDUMP   "));
}

TEST_F(StallTest, ALabOfWhichNoNodeAnswersIsLookedAtFromOutside) {
  for (const int node : {1, 2})
    lab_.script(node).on_work = [this, node] {
      loop_.after(Milliseconds{1'000}, [this, node] { lab_.hang(node); });
    };
  plan_.watch.memory_image = MemoryImage::on_hang;
  const TrialRecord record = run();
  EXPECT_EQ(decisive(record).kind, "silent");
  for (const char* const node : {"node1/", "node2/"}) {
    EXPECT_THAT(evidence(record, std::string(node) + "registers.txt"), HasSubstr("RAX="));
    EXPECT_THAT(evidence(record, std::string(node) + "memory.kdump"), HasSubstr("KDUMP   "));
  }
}

TEST_F(StallTest, WhatABugLeftIsLookedAtWhileTheLabSettles) {
  wait_for_each_other();
  lab_.script(1).on_work = [this] {
    loop_.after(Milliseconds{1'000}, [this] {
      lab_.console(1,
                   "[   20.000001][  T105] kernel BUG at fs/gfs2/glock.c:1587!\n"
                   "[   20.000002][  T105] invalid opcode: 0000 [#1] SMP\n"
                   "[   20.000003][  T105] CPU: 0 PID: 105 Comm: mmap-dio Not tainted 6.1.192 #1\n"
                   "[   20.000004][  T105] RIP: 0010:gfs2_glock_nq.cold+0xb5/0xc2\n"
                   "[   20.000010][  T105] ---[ end trace 0000000000000000 ]---\n");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(decisive(record).kind, "bug") << record.reason;
  // Of the sound node only: reading the other's locks could hang it.
  EXPECT_THAT(evidence(record, "node2/2/glocks.txt"), HasSubstr("n:2/4269"));
  EXPECT_FALSE(
      std::filesystem::exists(folder_ / "evidence" / decisive(record).id / "node1/2/glocks.txt"));
  const auto collect = std::find_if(record.steps.begin(), record.steps.end(),
                                    [](const StepRecord& one) { return one.name == "collect"; });
  EXPECT_LT(collect->end - collect->begin, 1.0);
}

TEST_F(StallTest, WhatWasTakenIsKeptIfANodeDiesWhileItIsAsked) {
  wait_for_each_other();
  stand_still(1, 1'000);
  stand_still(2, 1'000);
  // Between the two looks: the first one is taken some 6 s after the start.
  const auto before = lab_.script(2).on_work;
  lab_.script(2).on_work = [this, before] {
    before();
    loop_.after(Milliseconds{6'900}, [this] { lab_.lose_channel(2); });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(kinds(record), Not(Contains("deadlock")));
  const auto kept = [&](const char* file) { return folder_ / "evidence" / "stall" / file; };
  EXPECT_TRUE(std::filesystem::exists(kept("node1/1/glocks.txt")));
  EXPECT_TRUE(std::filesystem::exists(kept("node2/1/glocks.txt")));
  EXPECT_TRUE(std::filesystem::exists(kept("node1/2/glocks.txt")));
  EXPECT_FALSE(std::filesystem::exists(kept("node2/2/glocks.txt")));
  EXPECT_THAT(events(), HasSubstr("evidence_skipped"));
}

}  // namespace
}  // namespace gridlock
