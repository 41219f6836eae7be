// SPDX-License-Identifier: GPL-2.0-or-later
// What is done to nodes on purpose while a trial works, over machines that are scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_fabric.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "support/temp_dir.h"
#include "trial/shared_lab.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class FaultsOfATrial : public testing::Test {
 protected:
  FaultsOfATrial() {
    PlannedNode third = plan_.nodes.back();
    third.id = NodeId{3};
    third.name = "node3";
    third.address = "10.77.0.3";
    third.mac = "52:54:00:67:6c:03";
    plan_.nodes.push_back(third);
    // Others have given a dead node up after 8.63 s.
    plan_.cluster.token = 1s;
    for (const int node : {1, 2, 3}) lab_.script(node);
  }

  void fault(FaultKind kind, int node, Milliseconds at, Milliseconds lasts = 0ms) {
    plan_.trials.front().faults.push_back({kind, NodeId{node}, at, lasts, "self-read", at});
  }

  TrialRecord run(SharedLab* shared = nullptr) {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_.path());
    setting.fabric = &fabric_;
    RunRecord first;
    RunWriter results(directory_.path() / "results", plan_, first, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    trial_directory_ = writer->directory();
    const TrialRecord record =
        run_trial(setting, plan_.trials.front(), NodeSource{directory_.path() / "bzImage", {}},
                  *writer, observer_, stop_.get_token(), shared);
    EXPECT_TRUE(lab_.running().empty()) << "machines were left running";
    return record;
  }

  /// What was asked of a node since it began to work, or all.
  std::vector<std::string> programs(const std::string& node, const std::string& what) const {
    std::vector<std::string> found;
    for (const std::string& program : lab_.programs())
      if (program.starts_with(node + " ") && program.find(what) != std::string::npos)
        found.push_back(program);
    return found;
  }
  std::string events() const { return read_file(trial_directory_ / "events.jsonl", Bytes::mib(4)); }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  FakeFabric fabric_;
  Plan plan_ = sample_plan();
  StepObserver observer_;
  std::stop_source stop_;
  test_support::TempDir directory_;
  std::filesystem::path trial_directory_;
};

TEST_F(FaultsOfATrial, AKilledNodeIsNoFindingAndTheOthersAreJudged) {
  fault(FaultKind::kill, 2, 2s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(record.findings, IsEmpty());
  ASSERT_EQ(record.faults.size(), 1u);
  EXPECT_EQ(record.faults[0].kind, "kill");
  EXPECT_EQ(record.faults[0].node, "node2");
  EXPECT_EQ(record.faults[0].planned, 2);
  ASSERT_TRUE(record.faults[0].begin);
  EXPECT_TRUE(record.faults[0].still);
  const WorkloadRecord& work = record.workloads.at(0);
  EXPECT_GT(work.nodes.at("node2").operations, 0u);
  EXPECT_LT(work.nodes.at("node2").operations, work.nodes.at("node1").operations);
  EXPECT_THAT(record.oracles.at("node2").unread, HasSubstr("node2 was killed on purpose"));
  EXPECT_THAT(record.oracles.at("node2").self_check, HasSubstr("not made"));
  EXPECT_EQ(record.oracles.at("node3").self_check, "agrees");
  EXPECT_THAT(events(), AllOf(HasSubstr("\"fault\""), Not(HasSubstr("\"lost\""))));
}

TEST_F(FaultsOfATrial, WhatIsLeftVerifiesWhatIsLeft) {
  fault(FaultKind::kill, 2, 2s);
  static_cast<void>(run());
  EXPECT_THAT(programs("node1", " verify "),
              ElementsAre(AllOf(HasSubstr("--mortal 2"), HasSubstr("--looks-at 3"))));
  EXPECT_THAT(programs("node3", " verify "), ElementsAre(HasSubstr("--looks-at 1")));
  EXPECT_THAT(programs("node2", " verify "), IsEmpty());
  // Its observer is told before that it may not believe all that it heard.
  EXPECT_THAT(programs("node1", "mmap-dio run "), ElementsAre(HasSubstr("--mortal 2")));
}

TEST_F(FaultsOfATrial, TheOthersLeaveInOrder) {
  fault(FaultKind::kill, 2, 2s);
  static_cast<void>(run());
  EXPECT_THAT(programs("node1", "umount"), testing::SizeIs(1));
  EXPECT_THAT(programs("node3", "umount"), testing::SizeIs(1));
  EXPECT_THAT(programs("node2", "umount"), IsEmpty());
  EXPECT_THAT(events(), Not(HasSubstr("\"problem\"")));
}

TEST_F(FaultsOfATrial, WhoStaysStillWhenADeadNodeHasBeenGivenUpIsAStall) {
  fault(FaultKind::kill, 2, 2s);
  for (const int node : {1, 3})
    lab_.script(node).on_work = [this, node] {
      loop_.after(2s, [this, node] {
        lab_.script(node).makes_progress = lab_.script(node).finishes = false;
      });
    };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  ASSERT_EQ(record.findings.size(), 1u);
  EXPECT_EQ(record.findings[0].kind, "stall");
  EXPECT_THAT(record.findings[0].nodes, ElementsAre("node1", "node3"));
  EXPECT_GE(record.findings[0].at - *record.faults[0].begin, 8.6 + 5);
  const auto evidence = trial_directory_ / "evidence" / record.findings[0].id;
  EXPECT_TRUE(std::filesystem::exists(evidence / "node1"));
  EXPECT_FALSE(std::filesystem::exists(evidence / "node2"));
  EXPECT_LT(record.seconds, 120);
}

TEST_F(FaultsOfATrial, ANodeThatStandsStillForAWhileGoesOnAndIsNotSilent) {
  fault(FaultKind::pause, 1, 1s, 25s);
  lab_.script(1).finishes = false;
  lab_.script(1).on_work = [this] { loop_.after(28s, [this] { lab_.script(1).finishes = true; }); };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(record.findings, IsEmpty());
  ASSERT_TRUE(record.faults.at(0).end);
  EXPECT_NEAR(*record.faults[0].end - *record.faults[0].begin, 25, 0.3);
}

TEST_F(FaultsOfATrial, ALinkIsCutAndWholeAgain) {
  fault(FaultKind::cut, 3, 1s, 2s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(fabric_.cut, ElementsAre(2));
  EXPECT_EQ(fabric_.cables.at(2), Fabric::Cable::whole);
  EXPECT_NEAR(*record.faults.at(0).end - *record.faults[0].begin, 2, 0.2);
}

TEST_F(FaultsOfATrial, SeveralComeInTheirOrder) {
  fault(FaultKind::cut, 3, 1s, 1s);
  fault(FaultKind::pause, 1, 1s, 1s);
  fault(FaultKind::kill, 3, 3s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_LT(*record.faults.at(1).end, *record.faults.at(2).begin);
  EXPECT_THAT(programs("node1", " verify "), ElementsAre(HasSubstr("--looks-at 2")));
}

TEST_F(FaultsOfATrial, AFaultThatCouldNotComeGivesNoVerdict) {
  plan_.workloads.front().duration = 20s;
  fault(FaultKind::kill, 2, 15s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("the kill of node2 at 15s did not come: self-read had ended "
                                       "before"));
  EXPECT_FALSE(record.faults.at(0).begin);
}

TEST_F(FaultsOfATrial, ALaterWorkloadIsOfThoseThatAreLeft) {
  WorkloadSpec second = plan_.workloads.front();
  second.name = "again";
  plan_.workloads.push_back(second);
  plan_.trials.front().workloads.push_back("again");
  fault(FaultKind::kill, 1, 2s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  ASSERT_EQ(record.workloads.size(), 2u);
  EXPECT_FALSE(record.workloads[1].nodes.contains("node1"));
  EXPECT_THAT(programs("node2", "--dir /mnt/shared/again"),
              Each(AllOf(HasSubstr("--ring 2,3"), Not(HasSubstr("--mortal")))));
}

TEST_F(FaultsOfATrial, ALabThatLostANodeIsNotLeftToTheNextTrial) {
  plan_.trials.front().lab = LabUse::shared;
  PlannedTrial next = plan_.trials.front();
  next.number = 2;
  fault(FaultKind::kill, 2, 2s);
  SharedLab shared;
  shared.next = &next;
  const TrialRecord record = run(&shared);
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(shared.lab, nullptr);
  EXPECT_THAT(events(), AllOf(HasSubstr("\"lab_ends\""), HasSubstr("a node was killed")));
}

TEST_F(FaultsOfATrial, ALabThatLostANodeIsNotSaved) {
  plan_.watch.checkpoint = 1s;
  fault(FaultKind::kill, 2, 2s);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  // Once, all three, before it died.
  EXPECT_LE(lab_.saved().size(), 6u);
}

}  // namespace
}  // namespace gridlock
