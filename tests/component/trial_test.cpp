// SPDX-License-Identifier: GPL-2.0-or-later
// The real life of a trial over machines that are scripts on a fake clock.
#include "trial/trial.h"

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
#include "trial/checkpoints.h"

using testing::HasSubstr;
using testing::Not;

namespace gridlock {
namespace {

const char* const kBug =
    "[   20.000000][  T105] ------------[ cut here ]------------\n"
    "[   20.000001][  T105] kernel BUG at fs/gfs2/glock.c:1587!\n"
    "[   20.000002][  T105] invalid opcode: 0000 [#1] SMP\n"
    "[   20.000003][  T105] CPU: 0 PID: 105 Comm: mmap-dio Not tainted 6.1.192 #1\n"
    "[   20.000004][  T105] RIP: 0010:gfs2_glock_nq.cold+0xb5/0xc2\n"
    "[   20.000005][  T105] Call Trace:\n"
    "[   20.000006][  T105]  <TASK>\n"
    "[   20.000007][  T105]  gfs2_fault+0x48/0xb0\n"
    "[   20.000008][  T105]  gfs2_file_read_iter+0x100/0x200\n"
    "[   20.000009][  T105]  </TASK>\n"
    "[   20.000010][  T105] ---[ end trace 0000000000000000 ]---\n";

class TrialTest : public testing::Test {
 protected:
  TrialTest() {
    std::string pattern =
        (std::filesystem::path(GRIDLOCK_BINARY_DIR) / "trial-test-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    lab_.script(1);
    lab_.script(2);
  }
  ~TrialTest() override { std::filesystem::remove_all(directory_); }

  TrialRecord run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_);
    setting.releases = releases_;
    RunRecord first;
    RunWriter results(directory_ / "results", plan_, first, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    trial_directory_ = writer->directory();
    const TrialRecord record =
        run_trial(setting, plan_.trials.front(), NodeSource{directory_ / "bzImage", {}}, *writer,
                  observer_, stop_.get_token());
    EXPECT_TRUE(lab_.running().empty()) << "machines were left running";
    EXPECT_FALSE(std::filesystem::exists(directory_ / "shared.raw"));
    return record;
  }

  static std::string kinds(const TrialRecord& record) {
    std::string text;
    for (const FindingRecord& finding : record.findings) text += finding.kind + " ";
    return text;
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  StepObserver observer_;
  std::stop_source stop_;
  std::map<std::string, std::string> releases_;  // of the kernels; none: nobody asks
  std::filesystem::path directory_;
  std::filesystem::path trial_directory_;
};

TEST_F(TrialTest, HealthyKernelPassesThroughEveryStepInOrder) {
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_TRUE(record.expected);
  EXPECT_EQ(observer_.steps,
            (std::vector<std::string>{"start", "connect", "form", "format", "mount", "work",
                                      "verify", "collect", "stop"}));
  ASSERT_EQ(record.workloads.size(), 1u);
  EXPECT_GT(record.workloads[0].total.operations, 100u);
  EXPECT_EQ(record.workloads[0].total.operations,
            record.workloads[0].nodes.at("node1").operations +
                record.workloads[0].nodes.at("node2").operations);
  EXPECT_EQ(record.kernel_releases.at("node2"), "6.1.192-fake #1 SMP");
  EXPECT_TRUE(record.oracles.at("node1").lockdep_alive.value_or(false));
  EXPECT_GT(record.oracles.at("node1").console_bytes, 0u);
  EXPECT_TRUE(std::filesystem::exists(trial_directory_ / "samples.jsonl"));
  EXPECT_TRUE(std::filesystem::exists(trial_directory_ / "events.jsonl"));
}

TEST_F(TrialTest, ANodeThatRunsAnotherKernelThanWasAskedForGivesNoVerdict) {
  const std::string& kernel = plan_.trials.front().kernel;
  releases_[kernel] = "6.1.192-fake";
  EXPECT_EQ(run().outcome, Outcome::passed);
  releases_[kernel] = "6.1.192-gl-0123abcd";
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, testing::HasSubstr("node1 runs the kernel 6.1.192-fake, and '" +
                                                kernel + "' is 6.1.192-gl-0123abcd"));
}

TEST_F(TrialTest, TheFileSystemIsMadeOnceAndBeforeAnyMount) {
  run();
  const auto& programs = lab_.programs();
  const auto made = [](const std::string& program) {
    return program.find(" mkfs.gfs2 ") != std::string::npos;
  };
  EXPECT_EQ(std::count_if(programs.begin(), programs.end(), made), 1);
  const auto mkfs = std::find_if(programs.begin(), programs.end(), made);
  const auto mount = std::find_if(programs.begin(), programs.end(), [](const std::string& program) {
    return program.find("mount -t gfs2") != std::string::npos;
  });
  EXPECT_LT(mkfs, mount);
}

TEST_F(TrialTest, NodeThatNeverBootsIsAnErrorThatNamesItAndItsLastLine) {
  lab_.script(2).boots = false;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("node2 did not boot to its agent within 1m"), std::string::npos)
      << record.reason;
  EXPECT_NE(record.reason.find("Run /gridlock/agent as init process"), std::string::npos);
  // It is not waited for when the lab is read at the end.
  EXPECT_LT(record.steps.back().end, 62);
  EXPECT_EQ(record.oracles.at("node2").self_check, "not made: the agent has not come up");
}

TEST_F(TrialTest, NodeThatTheHostKeptFromBootingIsToldAsThat) {
  lab_.script(2).boots = false;
  EXPECT_THAT(run().reason, Not(HasSubstr("the host left the nodes waiting")));
  loop_.every(Milliseconds{100}, [this] {
    ProcessorTime& time = lab_.script(2).thread_times[4711];
    time.ran += std::chrono::milliseconds{20};
    time.waited += std::chrono::milliseconds{80};
  });
  EXPECT_THAT(run().reason, HasSubstr("took 5 times as long in this step: let less run beside it"));
}

TEST_F(TrialTest, NodeWhoseInitramfsGivesUpIsAFindingThatSaysWhy) {
  lab_.script(2).boots = false;
  lab_.script(2).boot_console +=
      "[    5.3][    T1] gridlock: the module gfs2.ko does not load: Exec format error\n"
      "[    5.8][    T1] reboot: Power down\n";
  loop_.after(Milliseconds{6000},
              [this] { lab_.event(2, MachineEvent::Kind::stopped, "by its guest"); });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_NE(record.reason.find("node2 ended before its agent was up (by its guest): the module "
                               "gfs2.ko does not load: Exec format error"),
            std::string::npos)
      << record.reason;
}

TEST_F(TrialTest, AnEarlyPanicIsTheHeadlineAndTheResetItsConsequence) {
  lab_.script(2).boots = false;
  lab_.script(2).boot_console +=
      "[    5.300000][    T1] Kernel panic - not syncing: VFS: Unable to mount root fs on "
      "unknown-block(254,0)\n"
      "[    5.300100][    T1] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.192 #1\n"
      "[    5.300200][    T1] Call Trace:\n"
      "[    5.300300][    T1]  panic+0x100/0x300\n"
      "[    5.300400][    T1]  mount_block_root+0x100/0x200\n";
  loop_.after(Milliseconds{6000},
              [this] { lab_.event(2, MachineEvent::Kind::stopped, "by its guest"); });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_THAT(record.reason, testing::HasSubstr("kernel panic: VFS: Unable to mount root fs"));
  ASSERT_EQ(kinds(record), "panic reboot ");
  EXPECT_TRUE(record.findings[1].secondary);
  EXPECT_THAT(
      record.findings[1].title,
      testing::HasSubstr("node2 ended before its agent was up (by its guest): kernel panic: "
                         "VFS: Unable to mount root fs"));
  EXPECT_LT(record.seconds, 15);
}

TEST_F(TrialTest, APanicWithThePanicDeviceIsNamedByItsConsoleThoughItsReportIsOpen) {
  lab_.script(1).boots = false;
  lab_.script(1).boot_console +=
      "[    5.300000][    T1] Kernel panic - not syncing: corrupted stack end detected\n";
  loop_.after(Milliseconds{6000},
              [this] { lab_.event(1, MachineEvent::Kind::panicked, "panicked"); });
  const TrialRecord record = run();
  EXPECT_THAT(record.reason, testing::HasSubstr("kernel panic: corrupted stack end detected"));
  EXPECT_EQ(kinds(record), "panic ");
}

TEST_F(TrialTest, AMachineThatIsResetWithoutAWordSaysSoAndWhatToLookAt) {
  lab_.script(1).boots = false;
  lab_.script(1).boot_console = "";
  loop_.after(Milliseconds{3000},
              [this] { lab_.event(1, MachineEvent::Kind::stopped, "by its guest"); });
  const TrialRecord record = run();
  EXPECT_EQ(record.reason,
            "node1 ended before its agent was up (by its guest): it has printed nothing");
  ASSERT_EQ(kinds(record), "reboot ");
  EXPECT_THAT(record.findings[0].excerpt, testing::HasSubstr("CONFIG_SERIAL_8250_CONSOLE"));
}

TEST_F(TrialTest, AMachineThatDiesWithoutAReportIsNamedByItsLastLine) {
  lab_.script(1).boots = false;
  loop_.after(Milliseconds{3000},
              [this] { lab_.event(1, MachineEvent::Kind::stopped, "by its guest"); });
  EXPECT_THAT(run().reason,
              testing::HasSubstr("the last line on its console is '[    2.000000][    "
                                 "T1] Run /gridlock/agent as init process'"));
}

TEST_F(TrialTest, AMachineThatPrintsNothingIsGivenUpWhenHalfTheTimeIsOver) {
  lab_.script(2).boots = false;
  lab_.script(2).boot_console = "";
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason,
              testing::StartsWith("node2 printed nothing on its console within 30s of being "
                                  "powered on\nis it a kernel for x86-64 with the serial console"));
  EXPECT_LT(record.seconds, 40);
}

TEST_F(TrialTest, AMachineThatPrintsNothingButWhoseAgentIsUpIsNotGivenUp) {
  lab_.script(2).boot_console = "";
  loop_.after(Milliseconds{10'000}, [this] { lab_.console(2, "[   10.000000] late\n"); });
  EXPECT_EQ(run().outcome, Outcome::passed);
}

TEST_F(TrialTest, MachineThatCannotBeStartedIsAnError) {
  lab_.script(1).start_fails = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("starting gl-node1"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, KernelBugInTheWorkloadIsAFinding) {
  lab_.script(1).on_work = [this] {
    loop_.after(Milliseconds{1000}, [this] { lab_.console(1, kBug); });
  };
  lab_.script(1).finishes = lab_.script(2).finishes = false;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_NE(kinds(record).find("bug"), std::string::npos) << kinds(record);
  EXPECT_FALSE(record.expected);
  EXPECT_NE(record.reason.find("gfs2_glock_nq"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, FailureThatIsExpectedIsSaidToBe) {
  plan_.trials.front().expect = Expectation::fail;
  lab_.script(1).on_work = [this] { lab_.console(1, kBug); };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_TRUE(record.expected);
}

TEST_F(TrialTest, PassingWhereFailureIsExpectedIsUnexpected) {
  plan_.trials.front().expect = Expectation::fail;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed);
  EXPECT_FALSE(record.expected);
}

TEST_F(TrialTest, WorkloadThatStandsStillIsAStallOnEachNode) {
  lab_.script(1).makes_progress = lab_.script(2).makes_progress = false;
  lab_.script(1).finishes = lab_.script(2).finishes = false;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  ASSERT_EQ(kinds(record), "stall ");
  EXPECT_EQ(record.findings[0].nodes, (std::vector<std::string>{"node1", "node2"}));
  EXPECT_LT(record.seconds, 90);
}

TEST_F(TrialTest, StallThatIsSeenAfterTheKernelsOwnWordEndsTheTrialToo) {
  lab_.script(1).makes_progress = lab_.script(2).makes_progress = false;
  lab_.script(1).finishes = lab_.script(2).finishes = false;
  for (const int node : {1, 2})
    lab_.script(node).on_work = [this, node] {
      lab_.console(node,
                   "[   20.000000][   T30] INFO: task mmap-dio:103 blocked for more than 2 "
                   "seconds.\n[   20.000001][   T30] task:mmap-dio state:D stack:0 pid:103\n"
                   "[   20.000002][   T30] Call Trace:\n[   20.000003][   T30]  <TASK>\n"
                   "[   20.000004][   T30]  gfs2_glock_wait+0x1/0x2\n"
                   "[   20.000005][   T30]  gfs2_fault+0x1/0x2\n"
                   "[   20.000006][   T30]  </TASK>\n"
                   "[   21.000000][   T30] another line\n");
    };
  const TrialRecord record = run();
  EXPECT_EQ(kinds(record), "hung_task stall ");
  EXPECT_LT(record.seconds, 60);
}

TEST_F(TrialTest, CheckpointsOfATrialThatFailedAreKeptTheLastTwoOfThem) {
  lab_.script(1).makes_progress = lab_.script(2).makes_progress = false;
  lab_.script(1).finishes = lab_.script(2).finishes = false;
  plan_.watch.checkpoint = Milliseconds{1'000};
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_GT(lab_.saved().size(), 4u);
  const auto folders = checkpoints_of(trial_directory_);
  ASSERT_EQ(folders.size(), 2u);
  const SavedLab last = read_saved_lab(folders.back());
  EXPECT_TRUE(last.formed());
  EXPECT_GT(last.at, read_saved_lab(folders.front()).at);
  EXPECT_LT(last.at, record.findings[0].at);
}

TEST_F(TrialTest, CheckpointsOfATrialThatPassedAreNot) {
  plan_.watch.checkpoint = Milliseconds{1'000};
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_GT(lab_.saved().size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(trial_directory_ / "checkpoints"));
}

TEST_F(TrialTest, ADaemonThatForgetsASignalIsAskedAgain) {
  lab_.script(1).forgets_signals = 2;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(record.steps.back().name, "stop");
  EXPECT_LT(record.steps.back().end - record.steps.back().begin, 10);
  const std::string events = read_file(trial_directory_ / "events.jsonl", Bytes::mib(1));
  EXPECT_EQ(events.find("problem"), std::string::npos) << events;
}

TEST_F(TrialTest, SilentNodeIsAFindingAndDoesNotKeepTheTrial) {
  lab_.script(2).on_work = [this] { lab_.hang(2); };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_LT(record.seconds, 150);
}

TEST_F(TrialTest, QemuKilledInTheMiddleOfWorkIsAnErrorAndNotAFinding) {
  lab_.script(2).on_work = [this] {
    loop_.after(Milliseconds{500}, [this] {
      lab_.lose_channel(2);
      lab_.event(2, MachineEvent::Kind::crashed, "crashed");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("QEMU of node2 died"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, LostAgentIsAnErrorThatNamesTheNode) {
  lab_.script(1).on_work = [this] { lab_.lose_channel(1); };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("the agent on node1 is gone"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, UnaskedRebootIsAFinding) {
  lab_.script(1).on_work = [this] {
    loop_.after(Milliseconds{500}, [this] {
      lab_.hang(1);
      lab_.event(1, MachineEvent::Kind::stopped, "shutdown");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_NE(kinds(record).find("reboot"), std::string::npos);
}

TEST_F(TrialTest, PanicIsAFindingEvenIfTheConsoleSaysNothing) {
  lab_.script(1).on_work = [this] {
    loop_.after(Milliseconds{500}, [this] {
      lab_.hang(1);
      lab_.event(1, MachineEvent::Kind::panicked, "panicked");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_NE(kinds(record).find("panic"), std::string::npos);
}

TEST_F(TrialTest, AgentThatDiesAsInitIsOurErrorAlthoughTheKernelPanics) {
  lab_.script(1).on_work = [this] {
    lab_.console(1,
                 "[   30.000000][    T1] Kernel panic - not syncing: Attempted to kill init! "
                 "exitcode=0x0000000b\n");
    lab_.event(1, MachineEvent::Kind::panicked, "panicked");
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error) << record.reason;
  EXPECT_NE(record.reason.find("the agent on node1 died"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, FailedMkfsIsAnErrorWithItsOwnWords) {
  lab_.script(1).mkfs_fails = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("mkfs.gfs2 on node1: exit status 255: mkfs.gfs2: No space left"),
            std::string::npos)
      << record.reason;
}

TEST_F(TrialTest, DeadCorosyncFailsTheBarrierWithItsLastWords) {
  lab_.script(2).corosync_dies = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("corosync on node2: exit status 8"), std::string::npos)
      << record.reason;
  EXPECT_NE(record.reason.find("parse error in config"), std::string::npos);
}

TEST_F(TrialTest, QuorumThatNeverComesNamesTheNodesThatMissIt) {
  lab_.script(1).never_quorate = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("quorum with all nodes on node1 not within"), std::string::npos)
      << record.reason;
}

TEST_F(TrialTest, FailedMountShowsWhatMountSaid) {
  lab_.script(2).mount_fails = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_NE(record.reason.find("Transport endpoint is not connected"), std::string::npos)
      << record.reason;
}

TEST_F(TrialTest, ShortTransfersFailTheTrial) {
  lab_.script(2).short_transfers = 3;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(kinds(record), "short_transfer ");
  EXPECT_EQ(record.workloads[0].total.short_transfers, 3u);
}

TEST_F(TrialTest, BadDataFoundWhileVerifyingFailsTheTrial) {
  lab_.script(1).verify_finds_bad_data = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(kinds(record), "bad_data ");
}

TEST_F(TrialTest, WorkloadThatDidNothingIsAnError) {
  lab_.script(1).makes_progress = false;
  lab_.script(1).exit_status = 3;
  plan_.watch.stall = Milliseconds{60'000};
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error) << record.reason;
  EXPECT_NE(record.reason.find("self-read did no work"), std::string::npos) << record.reason;
}

TEST_F(TrialTest, EmptyConsoleIsAnErrorBecauseNothingWasWatched) {
  lab_.script(2).boot_console = "";
  lab_.script(2).console_works = false;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_EQ(record.reason, "the console of node2 is empty");
}

TEST_F(TrialTest, KnownFindingIsRecordedAndNotJudged) {
  lab_.script(1).on_work = [this] {
    lab_.console(1,
                 "[   20.000000][  T9] BUG: sleeping function called from invalid context at "
                 "fs/x.c:1\n[   20.000001][  T9] CPU: 0 PID: 9 Comm: x Not tainted\n"
                 "[   20.000002][  T9] Call Trace:\n[   20.000003][  T9]  <TASK>\n"
                 "[   20.000004][  T9]  gfs2_inode_lookup+0x1/0x2\n"
                 "[   20.000005][  T9]  </TASK>\n");
  };
  TrialRecord record = run();
  ASSERT_EQ(kinds(record), "atomic_sleep ") << record.reason;
  EXPECT_EQ(record.outcome, Outcome::failed);
  plan_.watch.known = {record.findings[0].identity};
  record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  ASSERT_EQ(record.findings.size(), 1u);
  EXPECT_TRUE(record.findings[0].known);
}

TEST_F(TrialTest, FloodOnTheConsoleIsSurvived) {
  lab_.script(1).on_work = [this] {
    const std::string line(1000, 'x');
    std::string flood;
    for (int i = 0; i < 20'000; ++i) flood += line + "\n";
    lab_.console(1, flood);
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_GT(record.oracles.at("node1").console_bytes, 20'000'000u);
}

TEST_F(TrialTest, HalfALineAtTheEndOfAConsoleIsNoFinding) {
  lab_.script(1).on_work = [this] { lab_.console(1, "[   20.0000"); };
  EXPECT_EQ(run().outcome, Outcome::passed);
}

TEST_F(TrialTest, UnmountThatHangsIsGivenUpAndTheLabEnds) {
  lab_.script(1).umount_hangs = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed);
  EXPECT_EQ(record.steps.back().name, "stop");
  EXPECT_NE(record.steps.back().problem.find("umount on node1"), std::string::npos)
      << record.steps.back().problem;
}

class InterruptedIn : public TrialTest, public testing::WithParamInterface<const char*> {};

TEST_P(InterruptedIn, EndsTheLabAndSaysSo) {
  observer_.on_step = [this](const std::string& step) {
    if (step == GetParam()) stop_.request_stop();
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::interrupted) << record.reason;
}

INSTANTIATE_TEST_SUITE_P(EachStep, InterruptedIn,
                         testing::Values("start", "connect", "form", "format", "mount", "work",
                                         "verify"));

}  // namespace
}  // namespace gridlock
