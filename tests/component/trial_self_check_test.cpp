// SPDX-License-Identifier: GPL-2.0-or-later
// The oracles at the end of a trial and their comparison with the consoles, over machines that are
// scripts on a fake clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "support/temp_dir.h"
#include "trial/shared_lab.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const char* const kWarning =
    "[   20.000000][  T9] ------------[ cut here ]------------\n"
    "[   20.000001][  T9] WARNING: CPU: 0 PID: 9 at fs/gfs2/x.c:1 gfs2_x+0x1/0x2\n"
    "[   20.000002][  T9] CPU: 0 PID: 9 Comm: x Not tainted\n"
    "[   20.000003][  T9] RIP: 0010:gfs2_x+0x1/0x2\n"
    "[   20.000004][  T9] Call Trace:\n"
    "[   20.000005][  T9]  <TASK>\n"
    "[   20.000006][  T9]  gfs2_y+0x1/0x2\n"
    "[   20.000007][  T9]  </TASK>\n"
    "[   20.000008][  T9] ---[ end trace 0000000000000000 ]---\n";
const char* const kBug =
    "[   21.000000][  T105] ------------[ cut here ]------------\n"
    "[   21.000001][  T105] kernel BUG at fs/gfs2/glock.c:1587!\n"
    "[   21.000002][  T105] invalid opcode: 0000 [#1] SMP\n"
    "[   21.000003][  T105] CPU: 0 PID: 105 Comm: mmap-dio Not tainted 6.1.192 #1\n"
    "[   21.000004][  T105] RIP: 0010:gfs2_glock_nq.cold+0xb5/0xc2\n"
    "[   21.000005][  T105] Call Trace:\n"
    "[   21.000006][  T105]  <TASK>\n"
    "[   21.000007][  T105]  gfs2_fault+0x48/0xb0\n"
    "[   21.000008][  T105]  </TASK>\n"
    "[   21.000009][  T105] ---[ end trace 0000000000000000 ]---\n";

const char* const kWarnCount = "/sys/kernel/warn_count";
const char* const kOopsCount = "/sys/kernel/oops_count";
const char* const kTainted = "/proc/sys/kernel/tainted";
const char* const kLockdepStats = "/proc/lockdep_stats";
const char* const kLockdepOff = " debug_locks:                             0\n";

class SelfCheckOfTrial : public testing::Test {
 protected:
  SelfCheckOfTrial() {
    for (const int node : {1, 2}) {
      lab_.script(node).files[kWarnCount] = "0\n";
      lab_.script(node).files[kOopsCount] = "0\n";
    }
  }

  /// All trials of the plan, one after another, in shared labs where the plan says so.
  std::vector<TrialRecord> run_all() {
    RunRecord empty;
    RunWriter results(results_.path(), plan_, empty, loop_);
    SharedLab shared;
    std::vector<TrialRecord> records;
    for (std::size_t i = 0; i < plan_.trials.size(); ++i) {
      shared.next = i + 1 < plan_.trials.size() ? &plan_.trials[i + 1] : nullptr;
      const auto writer = results.begin_trial(plan_.trials[i]);
      records.push_back(
          run_trial(setting_, plan_.trials[i], source_, *writer, nobody_, {}, &shared));
    }
    return records;
  }
  TrialRecord run() { return run_all().front(); }

  /// node1's kernel says and counts something in the first work.
  void in_work(const std::function<void(NodeScript&)>& what) {
    lab_.script(1).on_work = [this, what, begun = std::make_shared<bool>(false)] {
      if (!std::exchange(*begun, true)) what(lab_.script(1));
    };
  }
  void share_with_a_second() {
    plan_.trials.front().lab = LabUse::shared;
    plan_.trials.push_back(plan_.trials.front());
    plan_.trials.back().number = 2;
    plan_.trials.back().name = "second";
  }

  static std::vector<std::string> titles(const TrialRecord& record) {
    std::vector<std::string> out;
    for (const FindingRecord& finding : record.findings)
      out.push_back(finding.kind + ": " + finding.title);
    return out;
  }
  static std::string identity_of(const char* report) {
    console::Reader reader;
    reader.feed(report);
    reader.finish();
    return reader.take().at(0).identity;
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  SilentObserver nobody_;
  TempDir runs_;
  TempDir results_;
  NodeSource source_{"/kernel", {}};
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
};

TEST_F(SelfCheckOfTrial, ASilentKernelThatCountedNothingAgrees) {
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  for (const char* const node : {"node1", "node2"}) {
    const OracleRecord& oracle = record.oracles.at(node);
    EXPECT_EQ(oracle.self_check, "agrees");
    EXPECT_EQ(oracle.counts.at("warnings"), 0U);
    EXPECT_EQ(oracle.counts.count("rcu_stalls"), 0U) << "its kernel does not count them";
    EXPECT_EQ(oracle.unread, "");
  }
}

TEST_F(SelfCheckOfTrial, AWarningTheConsoleDoesNotShowIsAnErrorThatNamesBothNumbers) {
  in_work([](NodeScript& node) { node.files[kWarnCount] = "2\n"; });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_FALSE(record.expected);
  EXPECT_THAT(record.reason,
              HasSubstr("the console shows 0 warnings, the kernel counted 2 (node1)"));
  EXPECT_THAT(
      titles(record),
      ElementsAre("self_check: the console shows 0 warnings, the kernel counted 2 (node1)"));
  EXPECT_THAT(record.findings[0].excerpt, HasSubstr("warnings: 0, 2 (0)"));
  EXPECT_EQ(record.oracles.at("node1").self_check, "disagrees");
  EXPECT_EQ(record.oracles.at("node2").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, AWarningBothKnowIsTheKernels) {
  in_work([this](NodeScript& node) {
    lab_.console(1, kWarning);
    node.files[kWarnCount] = "1\n";
    node.files[kTainted] = "512\n";
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.oracles.at("node1").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, WhatTheKernelSaysWhileItIsAskedIsNoDisagreement) {
  // It is printed when the counters were read, and counted when they are read again.
  lab_.script(1).on_mark = [this, said = false]() mutable {
    if (std::exchange(said, true)) return;
    lab_.console(1, kWarning);
    lab_.script(1).files[kWarnCount] = "1\n";
    lab_.script(1).files[kTainted] = "512\n";
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_THAT(titles(record), ElementsAre(StartsWith("warning: ")));
  EXPECT_EQ(record.oracles.at("node1").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, AKernelThatFailedStaysFailedAndTheDisagreementIsListed) {
  in_work([this](NodeScript& node) {
    lab_.console(1, kBug);
    node.files[kOopsCount] = "2\n";
    node.files[kTainted] = "128\n";
    node.files[kLockdepStats] = kLockdepOff;
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_THAT(titles(record),
              ElementsAre(StartsWith("bug: "),
                          "self_check: the console shows 1 oops, the kernel counted 2 (node1)"));
  EXPECT_EQ(record.reason, record.findings[0].title);
  EXPECT_THAT(record.oracles.at("node1").unread, HasSubstr("its kernel broke"));
  EXPECT_EQ(record.oracles.at("node2").unread, "");
}

TEST_F(SelfCheckOfTrial, LockdepThatWentOffInSilenceIsAnError) {
  in_work([](NodeScript& node) { node.files[kLockdepStats] = kLockdepOff; });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("switched lockdep off"));
  EXPECT_EQ(record.oracles.at("node1").lockdep_alive, false);
}

TEST_F(SelfCheckOfTrial, WhatWasCountedInAnEarlierTrialOfALabIsNotTheLaterOnes) {
  share_with_a_second();
  plan_.watch.known = {identity_of(kWarning)};
  in_work([this](NodeScript& node) {
    lab_.console(1, kWarning);
    node.files[kWarnCount] = "1\n";
  });
  const auto records = run_all();
  EXPECT_EQ(records[0].outcome, Outcome::passed) << records[0].reason;
  EXPECT_EQ(records[1].outcome, Outcome::passed) << records[1].reason;
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_THAT(records[1].findings, IsEmpty());
  const OracleRecord& second = records[1].oracles.at("node1");
  EXPECT_EQ(second.counts_before.at("warnings"), 1U);
  EXPECT_EQ(second.counts.at("warnings"), 1U);
  EXPECT_EQ(second.self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, AfterDroppedLinesNothingIsClaimedInThisTrialOrTheNext) {
  share_with_a_second();
  in_work([this](NodeScript& node) {
    lab_.console(1, "** 3 printk messages dropped **\n");
    node.files[kWarnCount] = "1\n";
  });
  const auto records = run_all();
  EXPECT_EQ(records[0].outcome, Outcome::passed) << records[0].reason;
  EXPECT_EQ(records[0].oracles.at("node1").self_check,
            "not made: the kernel dropped 3 of its messages");
  EXPECT_EQ(records[1].lab_of, 1);
  EXPECT_THAT(records[1].oracles.at("node1").self_check, HasSubstr("before the trial"));
  EXPECT_EQ(records[1].oracles.at("node2").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, AConsoleThatShowsNothingMoreIsNotCompared) {
  lab_.script(2).console_works = false;
  in_work([](NodeScript&) {});
  lab_.script(2).files[kWarnCount] = "5\n";
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(record.oracles.at("node2").self_check,
              HasSubstr("not made: the console of node2 does not show"));
  EXPECT_EQ(record.oracles.at("node1").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, ANodeThatDoesNotAnswerTellsNothingAndKeepsNobody) {
  plan_.watch.stall = Milliseconds{1'000};
  in_work([this](NodeScript&) { lab_.hang(2); });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_NE(record.oracles.at("node2").unread, "");
  EXPECT_THAT(record.oracles.at("node2").self_check, StartsWith("not made: "));
  EXPECT_TRUE(record.oracles.at("node2").counts.empty());
  EXPECT_EQ(record.oracles.at("node1").self_check, "agrees");
}

TEST_F(SelfCheckOfTrial, TheStateOfTheClusterIsRecorded) {
  const std::string spaces = "/sys/kernel/config/dlm/cluster/spaces/data/nodes/";
  for (const int node : {1, 2}) {
    lab_.script(node).files["/sys/fs/gfs2/sample:data/withdraw"] = node == 1 ? "0\n" : "1\n";
    lab_.script(node).files["/sys/kernel/dlm/data/recover_status"] = node == 1 ? "ff\n" : "15\n";
    lab_.script(node).files[spaces + "1/nodeid"] = "1\n";
  }
  lab_.script(1).files[spaces + "2/nodeid"] = "2\n";
  const TrialRecord record = run();
  const OracleRecord& first = record.oracles.at("node1");
  const OracleRecord& second = record.oracles.at("node2");
  EXPECT_EQ(first.gfs2_withdrawn, false);
  EXPECT_EQ(second.gfs2_withdrawn, true);
  EXPECT_EQ(first.dlm_recovering, false);
  EXPECT_EQ(second.dlm_recovering, true);
  EXPECT_EQ(first.dlm_members, (std::vector<int>{1, 2}));
  EXPECT_EQ(second.dlm_members, (std::vector<int>{1}));
}

}  // namespace
}  // namespace gridlock
