// SPDX-License-Identifier: GPL-2.0-or-later
// Trials in a row that share a lab, over machines that are scripts on a fake clock.
#include "trial/shared_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/progress_notes.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/checkpoints.h"
#include "trial/formed_lab.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

const char* const kSleep =
    "[   20.000000][  T9] BUG: sleeping function called from invalid context at fs/x.c:1\n"
    "[   20.000001][  T9] CPU: 0 PID: 9 Comm: x Not tainted\n"
    "[   20.000002][  T9] Call Trace:\n"
    "[   20.000003][  T9]  <TASK>\n"
    "[   20.000004][  T9]  gfs2_inode_lookup+0x1/0x2\n"
    "[   20.000005][  T9]  </TASK>\n";

const char* const kTableFull = "[   20.000000][  T9] BUG: MAX_LOCKDEP_CHAINS too low!\n";

const char* const kLockdepStats = "/proc/lockdep_stats";
const char* const kTainted = "/proc/sys/kernel/tainted";

class SharedTest : public testing::Test {
 protected:
  SharedTest() {
    lab_.script(1);
    lab_.script(2);
    PlannedTrial& first = plan_.trials.front();
    first.name = "first";
    first.lab = LabUse::shared;
    plan_.trials.push_back(first);
    plan_.trials.back().number = 2;
    plan_.trials.back().name = "second";
    plan_.trials.back().seed = 8;
  }

  /// All trials of the plan, one after another.
  std::vector<TrialRecord> run() {
    RunRecord empty;
    RunWriter results(results_.path(), plan_, empty, loop_);
    folder_ = results.directory();
    SharedLab shared;
    std::vector<TrialRecord> records;
    for (std::size_t i = 0; i < plan_.trials.size(); ++i) {
      shared.next = i + 1 < plan_.trials.size() ? &plan_.trials[i + 1] : nullptr;
      const auto writer = results.begin_trial(plan_.trials[i]);
      records.push_back(run_trial(setting_, plan_.trials[i], source_, *writer, watcher_,
                                  stop_.get_token(), &shared));
      results.finish_trial(records.back());
    }
    EXPECT_EQ(shared.lab, nullptr) << "the last trial left a lab";
    EXPECT_THAT(lab_.running(), IsEmpty());
    EXPECT_FALSE(fs::exists(runs_.path() / "shared.raw"));
    return records;
  }

  /// Does something in the work of the trial that comes so many after the first.
  void in_work(int trial, const std::function<void()>& what) {
    lab_.script(1).on_work = [this, trial, what, begun = std::make_shared<int>(0)] {
      if ((*begun)++ == trial) what();
    };
  }

  /// What a report is called; no trial of the plan is run for it.
  static std::string identity_of(const char* report) {
    console::Reader reader;
    reader.feed(report);
    reader.finish();
    return reader.take().at(0).identity;
  }

  std::string events(const TrialRecord& record) const {
    return read_file(folder_ / record.directory / "events.jsonl", Bytes::mib(1));
  }
  static std::vector<std::string> steps(const TrialRecord& record) {
    std::vector<std::string> names;
    for (const StepRecord& step : record.steps) names.push_back(step.name);
    return names;
  }
  int labs() const { return static_cast<int>(lab_.started().size() / 2); }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  StepObserver watcher_;
  std::stop_source stop_;
  TempDir runs_{fs::temp_directory_path()};
  TempDir results_{fs::temp_directory_path()};
  fs::path folder_;
  NodeSource source_{"/kernel", {}};
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
};

TEST_F(SharedTest, TheSecondGoesOnInTheLabOfTheFirstAndIsATrialOfItsOwn) {
  const auto records = run();
  EXPECT_EQ(labs(), 1);
  EXPECT_THAT(steps(records[0]), ElementsAre("start", "connect", "form", "format", "mount", "work",
                                             "verify", "clear", "collect"));
  EXPECT_THAT(steps(records[1]), ElementsAre("join", "work", "verify", "collect", "stop"));
  for (const TrialRecord& record : records) {
    EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
    EXPECT_GT(record.workloads.at(0).total.operations, 100u);
    EXPECT_EQ(record.kernel_releases.at("node2"), "6.1.192-fake #1 SMP");
    EXPECT_TRUE(record.oracles.at("node1").lockdep_alive.value_or(false));
  }
  EXPECT_EQ(records[0].lab_of, 0);
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_EQ(records[0].seed, 7u);
  EXPECT_EQ(records[1].seed, 8u);
  EXPECT_THAT(events(records[1]), HasSubstr("\"event\":\"join\""));
}

TEST_F(SharedTest, ALaterTrialDoesNotSeeTheFilesThatWerePutOnTheNodes) {
  const fs::path program = runs_.path() / "program";
  std::ofstream(program) << "#!/bin/sh\n";
  WorkloadSpec own = plan_.workloads.front();
  own.name = "own";
  own.mmap_dio.reset();
  own.exec = ExecSpec{};
  own.exec->command = {"/opt/suite/bin/try"};
  own.exec->files = {{program, "/opt/suite/bin/try"}, {program, "/root/other"}};
  plan_.workloads.push_back(own);
  plan_.trials.front().workloads = {"own"};
  int seen = 0;
  for (const int node : {1, 2}) {
    lab_.script(node).starts["/opt/suite/bin/try"] = [this, node, &seen](std::int64_t process) {
      seen += static_cast<int>(lab_.put_on(node).count("/opt/suite/bin/try") +
                               lab_.put_on(node).count("/root/other"));
      lab_.ends(node, process, 0);
    };
    lab_.script(node).on_work = [this, node] {
      for (const auto& [path, bytes] : lab_.put_on(node))
        EXPECT_THAT(path, Not(testing::AnyOf(StartsWith("/opt"), StartsWith("/root"))));
    };
  }
  const auto records = run();
  EXPECT_EQ(seen, 4) << "files of the first trial on each node";
  EXPECT_EQ(records[1].lab_of, 1) << records[0].reason;
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
  EXPECT_THAT(lab_.programs(), Contains("node2 busybox rm -rf -- /opt/suite /root/other"));
}

TEST_F(SharedTest, TheNodesLeaveOnceAtTheEndOfTheLastTrial) {
  run();
  const auto& programs = lab_.programs();
  EXPECT_EQ(
      std::count_if(programs.begin(), programs.end(),
                    [](const std::string& text) { return text == "node1 umount /mnt/shared"; }),
      1);
  EXPECT_EQ(std::count_if(programs.begin(), programs.end(),
                          [](const std::string& text) {
                            return text.find(" mkfs.gfs2 ") != std::string::npos;
                          }),
            1);
}

TEST_F(SharedTest, TheFilesOfATrialAreRemovedByOneNodeBeforeTheNextBegins) {
  run();
  std::vector<std::string> told;
  for (const std::string& program : lab_.programs())
    if (program.find(" rm ") != std::string::npos ||
        program.find("mmap-dio prepare") != std::string::npos)
      told.push_back(program.substr(0, program.find(" --dir")));
  EXPECT_THAT(
      told,
      ElementsAre("node1 /gridlock/bin/mmap-dio prepare", "node2 /gridlock/bin/mmap-dio prepare",
                  "node1 busybox rm -rf -- /mnt/shared/self-read",
                  "node1 /gridlock/bin/mmap-dio prepare", "node2 /gridlock/bin/mmap-dio prepare"));
}

TEST_F(SharedTest, EachTrialHasItsOwnShareOfTheConsoles) {
  in_work(1, [this] { lab_.console(1, std::string(5'000, 'x') + "\n"); });
  const auto records = run();
  const auto bytes = [&](std::size_t trial) {
    return records[trial].oracles.at("node1").console_bytes;
  };
  EXPECT_GT(bytes(0), 0u);
  EXPECT_LT(bytes(0), 1'000u);
  EXPECT_GT(bytes(1), 5'001u);
  EXPECT_LT(bytes(1), 5'200u);
  EXPECT_LT(records[1].oracles.at("node2").console_bytes, 200u) << "it says what it is asked to";
}

TEST_F(SharedTest, LinesThatWereDroppedAreCountedInTheTrialTheyWereDroppedIn) {
  in_work(0, [this] { lab_.console(1, "** 3 printk messages dropped **\n"); });
  const auto records = run();
  EXPECT_EQ(records[0].oracles.at("node1").dropped_lines, 3u);
  EXPECT_EQ(records[1].oracles.at("node1").dropped_lines, 0u);
}

TEST_F(SharedTest, AFindingOfALaterTrialPointsIntoTheConsoleOfTheFirst) {
  plan_.watch.known = {identity_of(kSleep)};
  in_work(1, [this] { lab_.console(1, kSleep); });
  const auto records = run();
  EXPECT_THAT(records[0].findings, IsEmpty());
  ASSERT_EQ(records[1].findings.size(), 1u) << records[1].reason;
  const std::string reference = records[1].findings[0].console;
  EXPECT_THAT(reference, StartsWith("../01-patched-first/nodes/node1/console.log:"));
  const std::size_t colon = reference.rfind(':');
  const std::string console =
      read_file(folder_ / records[1].directory / reference.substr(0, colon), Bytes::mib(1));
  const auto begin = std::stoul(reference.substr(colon + 1));
  EXPECT_THAT(console.substr(begin), StartsWith("[   20.000000][  T9] BUG: sleeping function"));
}

TEST_F(SharedTest, ATrialThatFailedLeavesNoLab) {
  in_work(0, [this] { lab_.console(1, kSleep); });
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::failed);
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
  EXPECT_EQ(labs(), 2);
  EXPECT_EQ(records[1].lab_of, 0);
  EXPECT_EQ(steps(records[0]).back(), "stop");
  EXPECT_EQ(steps(records[1]).front(), "start");
  EXPECT_THAT(events(records[0]), HasSubstr("lab_ends"));
}

TEST_F(SharedTest, AKnownFindingThatHarmsNothingKeepsTheLab) {
  plan_.watch.known = {identity_of(kSleep)};
  in_work(0, [this] { lab_.console(1, kSleep); });
  const auto records = run();
  EXPECT_EQ(records[0].findings.size(), 1u);
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_THAT(records[1].findings, IsEmpty());
}

TEST_F(SharedTest, WhereAKnownFindingSwitchedLockdepOffNobodyGoesOn) {
  plan_.watch.known = {identity_of(kTableFull)};
  in_work(0, [this] {
    lab_.console(1, kTableFull);
    lab_.script(1).files[kLockdepStats] = " debug_locks:                             0\n";
  });
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed) << records[0].reason;
  EXPECT_EQ(labs(), 2);
  EXPECT_THAT(events(records[0]), HasSubstr("lockdep does not watch on node1 any more"));
}

TEST_F(SharedTest, WithoutLockdepInTheKernelALabIsSharedUnlessLockdepIsRequired) {
  lab_.script(1).lockdep = lab_.script(2).lockdep = false;
  EXPECT_EQ(run()[1].lab_of, 1);
  plan_.watch.lockdep = Lockdep::required;
  EXPECT_EQ(run()[1].lab_of, 0);
}

TEST_F(SharedTest, InAKernelThatWasTaintedNobodyGoesOn) {
  in_work(0, [this] { lab_.script(2).files[kTainted] = "4096\n"; });
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed);
  EXPECT_EQ(labs(), 2);
  EXPECT_THAT(events(records[0]), HasSubstr("the kernel of node2 was tainted (0x1000)"));
}

TEST_F(SharedTest, ATaintFromBeforeTheTrialIsNotItsDoing) {
  lab_.script(1).files[kTainted] = lab_.script(2).files[kTainted] = "4096\n";
  EXPECT_EQ(run()[1].lab_of, 1);
}

TEST_F(SharedTest, AThirdTrialIsMeasuredByTheStateTheSecondBeganIn) {
  plan_.trials.push_back(plan_.trials.back());
  plan_.trials.back().number = 3;
  plan_.trials.back().name = "third";
  in_work(1, [this] { lab_.script(1).files[kTainted] = "4096\n"; });
  const auto records = run();
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_EQ(records[2].lab_of, 0);
  EXPECT_EQ(labs(), 2);
}

TEST_F(SharedTest, OnlyTrialsThatShareOnOneKernelFromOneStartDoSo) {
  const PlannedTrial same = plan_.trials[1];
  EXPECT_TRUE(may_share(plan_.trials[0], same));
  PlannedTrial other = same;
  other.kernel = "unpatched";
  EXPECT_FALSE(may_share(same, other));
  other = same;
  other.start = Start::formed;
  EXPECT_FALSE(may_share(same, other));
  other = same;
  other.lab = LabUse::fresh;
  EXPECT_FALSE(may_share(same, other));
  EXPECT_FALSE(may_share(other, same));
  plan_.trials[1].lab = LabUse::fresh;
  const auto records = run();
  EXPECT_EQ(labs(), 2);
  EXPECT_THAT(steps(records[0]), Not(Contains("clear")));
  EXPECT_THAT(events(records[0]), Not(HasSubstr("lab_ends")));
}

TEST_F(SharedTest, WhatTheKernelSaysWhileFilesAreRemovedIsOfTheTrialThatMadeThem) {
  // Its report has no end: nothing follows that would close it.
  lab_.script(1).on_remove = [this] {
    lab_.console(1, std::string(kSleep).substr(0, std::string(kSleep).find("[   20.000005]")));
  };
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::failed);
  ASSERT_EQ(records[0].findings.size(), 1u);
  EXPECT_EQ(records[0].findings[0].step, "collect");
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
  EXPECT_EQ(labs(), 2);
}

TEST_F(SharedTest, FilesThatCannotBeRemovedEndTheLabAndNotTheTrial) {
  lab_.script(1).remove_hangs = true;
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed) << records[0].reason;
  EXPECT_THAT(steps(records[0]), Contains("stop"));
  const auto clear = std::find_if(records[0].steps.begin(), records[0].steps.end(),
                                  [](const StepRecord& step) { return step.name == "clear"; });
  EXPECT_THAT(clear->problem, HasSubstr("removing the workloads' files on node1"));
  EXPECT_EQ(labs(), 2);
}

TEST_F(SharedTest, AConsoleThatShowsNothingMoreEndsTheLab) {
  lab_.script(2).console_works = false;
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed) << records[0].reason;
  EXPECT_THAT(events(records[0]), HasSubstr("the console of node2 does not show"));
  EXPECT_EQ(labs(), 2);
}

TEST_F(SharedTest, ANodeThatIsLostAfterTheWorkEndsTheLab) {
  lab_.script(1).on_remove = [this] {
    lab_.lose_channel(2);
    lab_.event(2, MachineEvent::Kind::crashed, "crashed");
    lab_.script(1).on_remove = {};
  };
  const auto records = run();
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
  EXPECT_EQ(labs(), 2);
}

TEST_F(SharedTest, AnInterruptedTrialEndsTheLabItWentOnIn) {
  watcher_.on_step = [this](const std::string& step) {
    if (step == "join") stop_.request_stop();
  };
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed);
  EXPECT_EQ(records[1].outcome, Outcome::interrupted) << records[1].reason;
  EXPECT_EQ(labs(), 1);
}

TEST_F(SharedTest, AnInterruptionWhileTheLabIsClearedEndsIt) {
  watcher_.on_step = [this](const std::string& step) {
    if (step == "clear") stop_.request_stop();
  };
  EXPECT_EQ(run()[0].outcome, Outcome::interrupted);
}

TEST_F(SharedTest, ALabNobodyGoesOnInIsEndedWithItsOwner) {
  RunRecord empty;
  RunWriter results(results_.path(), plan_, empty, loop_);
  const auto writer = results.begin_trial(plan_.trials[0]);
  {
    SharedLab shared;
    shared.next = &plan_.trials[1];
    run_trial(setting_, plan_.trials[0], source_, *writer, watcher_, {}, &shared);
    ASSERT_NE(shared.lab, nullptr);
    EXPECT_EQ(lab_.running().size(), 2u);
  }
  EXPECT_THAT(lab_.running(), IsEmpty());
  EXPECT_FALSE(fs::exists(runs_.path() / "shared.raw"));
}

TEST_F(SharedTest, WhatTheKernelSaysWhenTheNodesLeaveIsOfTheLastTrial) {
  lab_.script(1).on_leave = [this] { lab_.console(1, kSleep); };
  const auto records = run();
  EXPECT_EQ(records[0].outcome, Outcome::passed);
  EXPECT_THAT(records[0].findings, IsEmpty());
  EXPECT_EQ(records[1].outcome, Outcome::failed);
  ASSERT_EQ(records[1].findings.size(), 1u);
  EXPECT_EQ(records[1].findings[0].step, "stop");
}

TEST_F(SharedTest, ALeaveThatHangsIsAProblemOfTheLastTrialsStop) {
  lab_.script(2).umount_hangs = true;
  const auto records = run();
  EXPECT_EQ(records[1].outcome, Outcome::passed);
  EXPECT_THAT(records[1].steps.back().problem, HasSubstr("umount on node2"));
}

TEST_F(SharedTest, DaemonsLinesAreKeptWithTheTrialTheyWerePrintedIn) {
  const auto records = run();
  const auto log = [&](const TrialRecord& record) {
    return folder_ / record.directory / "nodes" / "node1" / "corosync.log";
  };
  EXPECT_THAT(read_file(log(records[0]), Bytes::mib(1)), HasSubstr("Members[2]"));
  EXPECT_FALSE(fs::exists(log(records[1]))) << "it said nothing more";
}

TEST_F(SharedTest, CheckpointsOfALaterTrialAreItsOwnAndHoldTheWholeConsole) {
  plan_.watch.checkpoint = Milliseconds{1'000};
  in_work(1, [this] {
    lab_.script(1).makes_progress = lab_.script(2).makes_progress = false;
    lab_.script(1).finishes = lab_.script(2).finishes = false;
  });
  const auto records = run();
  EXPECT_EQ(records[1].outcome, Outcome::failed) << records[1].reason;
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_THAT(checkpoints_of(folder_ / records[0].directory), IsEmpty());
  const auto folders = checkpoints_of(folder_ / records[1].directory);
  ASSERT_FALSE(folders.empty());
  const SavedLab saved = read_saved_lab(folders.back());
  EXPECT_TRUE(saved.formed());
  EXPECT_LT(saved.at, records[1].findings.at(0).at);
  EXPECT_THAT(read_file(saved.nodes[0].console_log, Bytes::mib(1)), HasSubstr("Linux version"));
  EXPECT_GT(saved.nodes[0].daemons.at("corosync"), 0u);
}

TEST_F(SharedTest, AFreshLabAfterAFailureBeginsWhereTheSharedOneBegan) {
  TempDir kept(fs::temp_directory_path());
  ProgressNotes notes;
  SavedLabCache cache(kept.path(), notes, loop_);
  const SavedParts parts{"patched", "kernel-key", "image-key", "/kernel", "7.2.22"};
  source_.from = formed_lab(setting_, parts, cache, {});
  const std::size_t formed = lab_.started().size();
  in_work(0, [this] { lab_.console(1, kSleep); });
  const auto records = run();
  EXPECT_EQ(lab_.started().size() - formed, 4u);
  EXPECT_THAT(steps(records[0]), ElementsAre("restore", "work", "collect", "stop"));
  EXPECT_THAT(steps(records[1]), ElementsAre("restore", "work", "verify", "collect", "stop"));
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
}

TEST_F(SharedTest, AHunterSharesNothing) {
  RunRecord empty;
  RunWriter results(results_.path(), plan_, empty, loop_);
  for (const PlannedTrial& trial : plan_.trials) {
    const auto writer = results.begin_trial(trial);
    EXPECT_EQ(run_trial(setting_, trial, source_, *writer, watcher_, {}).lab_of, 0);
    EXPECT_THAT(lab_.running(), IsEmpty());
  }
  EXPECT_EQ(labs(), 2);
}

}  // namespace
}  // namespace gridlock
