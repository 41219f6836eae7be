// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "report/hunt_tally.h"
#include "report/text.h"
#include "support/golden.h"
#include "support/sample_run.h"

namespace gridlock {
namespace {

/// Twelve trials in 90 s: four deadlocks, one of them with a BUG too, one trial that broke, and a
/// known finding in all that ended.
RunRecord hunt_run() {
  RunRecord run = sample_run();
  run.hunt = HuntRecord{sample_time(), 90, 60, 10, 3};
  run.outcome = Outcome::failed;
  run.exit_code = 1;
  run.reason = "12 trials, 4 failed";
  for (int i = 1; i <= 12; ++i) {
    TrialRecord trial = sample_trial(i, "unpatched", "abba");
    trial.start = "formed";
    trial.seconds = 7;
    trial.started = sample_time() + std::chrono::seconds(7 * (i - 1));
    FindingRecord leave = sample_finding("f9", "atomic_sleep", "sleeping while leaving", 6);
    leave.known = true;
    trial.findings = {leave};
    if (i % 3 == 0) {
      trial.outcome = Outcome::failed;
      trial.findings.push_back(sample_finding("f1", "deadlock", "node1 <-> node2, 2 glocks", 4.5));
    }
    if (i == 6)
      trial.findings.push_back(sample_finding("f2", "bug", "kernel BUG in gfs2_glock_nq", 3));
    if (i == 6) {
      FindingRecord end = sample_finding("f3", "panic", "kernel panic", 5);
      end.secondary = true;
      trial.findings.push_back(end);
    }
    if (i == 11) {
      trial.outcome = Outcome::error;
      trial.reason = "QEMU of node1 died";
      trial.findings.clear();
    }
    if (i != 3 && i != 6) trial.directory.clear();
    run.trials.push_back(trial);
  }
  return run;
}

TEST(HuntTally, CountsTrialsByIdentityWithFirstAndRate) {
  const HuntTally counts = tally(hunt_run());
  EXPECT_EQ(counts.failing.count, 4);
  EXPECT_EQ(counts.failing.trials, 11) << "the one that broke says nothing";
  EXPECT_EQ(counts.errors, 1);
  EXPECT_EQ(counts.first_trial, 3);
  EXPECT_DOUBLE_EQ(counts.first_at, 14 + 7);
  ASSERT_EQ(counts.findings.size(), 3u) << "consequences are not counted";
  EXPECT_EQ(counts.findings[0].title, "node1 <-> node2, 2 glocks");
  EXPECT_EQ(counts.findings[0].rate.count, 4);
  EXPECT_EQ(counts.findings[0].first_trial, 3);
  EXPECT_DOUBLE_EQ(counts.findings[0].first_at, 14 + 4.5);
  EXPECT_EQ(counts.findings[0].folders.size(), 2u);
  EXPECT_EQ(counts.findings[1].rate.count, 1);
  EXPECT_TRUE(counts.findings[2].known) << "what is known comes last, however frequent";
  EXPECT_EQ(counts.findings[2].rate.count, 11);
}

TEST(HuntTally, TimeToFirstIsTheEarliestNotTheFirstListed) {
  RunRecord run = hunt_run();
  std::reverse(run.trials.begin(), run.trials.end());
  EXPECT_EQ(tally(run).first_trial, 3);
  EXPECT_EQ(tally(run).findings[0].first_trial, 3);
}

TEST(TextReport, TellsFindingsOfOneTitleApart) {
  RunRecord run = hunt_run();
  run.trials[2].findings[1].identity = "deadlock:another";
  const std::string text = text_report(run, "results/x", Colour::off);
  EXPECT_NE(text.find("deadlock:another"), std::string::npos) << text;
}

TEST(TextReport, SaysWhatAHuntCameTo) {
  expect_golden(text_report(hunt_run(), "results/x", Colour::off), "report/hunt.txt");
}

TEST(TextReport, AHuntThatFoundNothingSaysHowRareItMayBe) {
  RunRecord run = hunt_run();
  for (TrialRecord& trial : run.trials) {
    trial.outcome = Outcome::passed;
    trial.findings.clear();
  }
  run.outcome = Outcome::passed;
  const std::string text = text_report(run, "results/x", Colour::off);
  EXPECT_NE(text.find("failed       0 of 12 (below 22.1 %)"), std::string::npos) << text;
}

}  // namespace
}  // namespace gridlock
