// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "campaign/verdict.h"

namespace gridlock {
namespace {

TrialRecord trial(const std::string& kernel, Outcome outcome, Expectation expect) {
  TrialRecord record;
  record.kernel = kernel;
  record.name = "abba";
  record.outcome = outcome;
  record.expect = expect;
  record.expected = (outcome == Outcome::passed) == (expect == Expectation::pass);
  record.reason = outcome == Outcome::passed ? "" : "because";
  return record;
}

RunRecord judged(std::vector<TrialRecord> trials) {
  RunRecord run;
  run.trials = std::move(trials);
  judge_run(run);
  return run;
}

TEST(JudgeRun, EverythingAsExpectedPassesEvenWithFailures) {
  const RunRecord run = judged({trial("patched", Outcome::passed, Expectation::pass),
                                trial("unpatched", Outcome::failed, Expectation::fail)});
  EXPECT_EQ(run.outcome, Outcome::passed);
  EXPECT_EQ(run.exit_code, 0);
}

TEST(JudgeRun, UnexpectedFailureIsOneAndNamesTheTrial) {
  const RunRecord run = judged({trial("patched", Outcome::failed, Expectation::pass)});
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.reason, "patched abba: because");
}

TEST(JudgeRun, PassingWhereFailureWasExpectedIsOne) {
  const RunRecord run = judged({trial("unpatched", Outcome::passed, Expectation::fail)});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.reason, "unpatched abba was expected to fail and passed");
}

TEST(JudgeRun, AnErrorGivesNoVerdictWhateverTheOthersSay) {
  const RunRecord run = judged({trial("patched", Outcome::failed, Expectation::pass),
                                trial("patched", Outcome::error, Expectation::pass)});
  EXPECT_EQ(run.outcome, Outcome::error);
  EXPECT_EQ(run.exit_code, 3);
}

TEST(JudgeRun, InterruptedComesFirst) {
  const RunRecord run = judged({trial("patched", Outcome::error, Expectation::pass),
                                trial("patched", Outcome::interrupted, Expectation::pass)});
  EXPECT_EQ(run.outcome, Outcome::interrupted);
  EXPECT_EQ(run.exit_code, 130);
}

TEST(JudgeRun, NoTrialIsNoPass) {
  const RunRecord run = judged({});
  EXPECT_EQ(run.outcome, Outcome::error);
  EXPECT_EQ(run.exit_code, 3);
}

TEST(JudgeRun, KernelExpectedToFailAsAWholeNeedsOneFailure) {
  TrialRecord passed = trial("unpatched", Outcome::passed, Expectation::fail);
  passed.any_of_kernel = true;
  passed.expected = true;
  TrialRecord failed = trial("unpatched", Outcome::failed, Expectation::fail);
  failed.any_of_kernel = true;
  EXPECT_EQ(judged({passed, failed}).exit_code, 0);
  EXPECT_EQ(judged({passed, passed}).exit_code, 1);
}

}  // namespace
}  // namespace gridlock
