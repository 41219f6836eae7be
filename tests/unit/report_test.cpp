// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/kernel_text.h"
#include "report/summary.h"
#include "report/text.h"
#include "support/golden.h"
#include "support/sample_run.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char* const kWhere = "results/20261122T223005Z-gfs2-mmap-dio-7f3a";

std::string plain(const RunRecord& run) { return text_report(run, kWhere, Colour::off); }

/// No line of a report is too wide, none ends in a blank, nothing in it steers a terminal.
void expect_well_formed(const std::string& text) {
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '\n');
  for (const std::string& line : split(text, '\n')) {
    EXPECT_LE(display_width(line), 100u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << "'" << line << "'";
    EXPECT_EQ(printable(line, 10'000), line);
  }
}

void expect_report(const RunRecord& run, const std::string& golden) {
  const std::string text = plain(run);
  expect_well_formed(text);
  expect_golden(text, "report/" + golden);
}

TEST(TextReport, SaysWhatTheDemoShows) { expect_report(demo_run(), "demo.txt"); }

TEST(TextReport, ShowsWhyATrialGaveNoVerdict) {
  RunRecord run = demo_run();
  run.outcome = Outcome::error;
  run.exit_code = 3;
  TrialRecord& trial = run.trials[1];
  trial.outcome = trial.workloads[0].outcome = Outcome::error;
  trial.expected = false;
  trial.reason =
      "waiting 30s for quorum on node1, node2: node2 sees 1 of 2 votes\n"
      "--- quorum of node1\nQuorate:          No\n--- last console lines of node2\n"
      "[   12.000000] dlm: node 1 is gone";
  trial.workloads.clear();
  trial.oracles["node2"] = {};
  run.reason = "patched abba: waiting 30s for quorum on node1, node2: node2 sees 1 of 2 votes";
  expect_report(run, "error-trial.txt");
}

TEST(TextReport, ShowsAnInterruptedRunWithWhatWasNotRun) {
  RunRecord run = demo_run();
  run.outcome = Outcome::interrupted;
  run.reason = "interrupted while running abba";
  run.exit_code = 130;
  run.trials.resize(5);
  run.trials[4].outcome = Outcome::interrupted;
  run.trials[4].reason = "interrupted while running abba";
  run.trials[4].findings.clear();
  run.trials[4].oracles.clear();
  expect_report(run, "interrupted.txt");
}

TEST(TextReport, ListsFindingsOfASingleKernel) {
  RunRecord run = demo_run();
  run.kernels.erase(run.kernels.begin());
  run.trials.erase(run.trials.begin(), run.trials.begin() + 3);
  for (TrialRecord& trial : run.trials) {
    trial.expect = Expectation::pass;
    trial.expected = trial.outcome == Outcome::passed;
    for (FindingRecord& finding : trial.findings) finding.known = finding.kind == "lockdep";
  }
  run.outcome = Outcome::failed;
  run.exit_code = 1;
  run.reason = "unpatched self-read: kernel BUG in gfs2_glock_nq";
  expect_report(run, "one-kernel.txt");
}

TEST(TextReport, CountsRepeatedTrialsInsteadOfListingThem) {
  RunRecord run = demo_run();
  const std::vector<TrialRecord> once = run.trials;
  for (int i = 0; i < 9; ++i) run.trials.insert(run.trials.end(), once.begin(), once.end());
  run.trials[1].outcome = Outcome::failed;
  run.trials[1].reason = "another thing";
  run.trials[1].findings.clear();
  expect_report(run, "repeated.txt");
}

TEST(TextReport, SaysWhereTheNodesBeganIfNotAtPowerOn) {
  RunRecord run = demo_run();
  EXPECT_EQ(plain(run).find("\nstart "), std::string::npos);
  run.trials.front().start = "template";
  EXPECT_NE(plain(run).find("\nstart        from a template in 1 of " +
                            std::to_string(run.trials.size()) + " trials: lockdep's state"),
            std::string::npos)
      << plain(run);
}

TEST(TextReport, SaysOnceThatTrialsSharedLabsAndHowMuchOfTheTimeWasWork) {
  RunRecord run = demo_run();
  EXPECT_THAT(plain(run), Not(HasSubstr("\nlabs ")));
  run.trials = {run.trials[0], run.trials[1], run.trials[2]};
  run.trials[1].lab_of = run.trials[2].lab_of = 1;
  for (TrialRecord& trial : run.trials) {
    trial.seconds = trial.lab_of > 0 ? 21 : 40;  // 19.5 s of them with the nodes up
    const double up = trial.lab_of > 0 ? 0.1 : 20.5;
    trial.steps = {{trial.lab_of > 0 ? "join" : "start", 0, up, ""},
                   {"work", up, up + 16, ""},
                   {"verify", up + 16, up + 17, ""},
                   {"stop", up + 17, up + 19, ""}};
  }
  EXPECT_THAT(plain(run), HasSubstr("\nlabs         1 lab for 3 trials: 2 went on where another had "
                                    "ended, in kernels with a past; 82.9 %"));
}

TEST(TextReport, AConsoleThatSaysNothingIsOddOnlyInALabOfItsOwn) {
  RunRecord run = demo_run();
  run.trials[1].oracles["node1"].console_bytes = 0;
  EXPECT_THAT(plain(run), HasSubstr("nothing came from patched abba node1"));
  run.trials[1].lab_of = 1;
  EXPECT_THAT(plain(run), Not(HasSubstr("nothing came from")));
}

TEST(TextReport, WhatAKernelSaysAtTheEndOfALabIsNotFixedWhereTheLabWentOn) {
  RunRecord run = demo_run();
  run.trials = {run.trials[2], run.trials[5]};
  run.trials[0].findings.clear();
  EXPECT_THAT(plain(run), HasSubstr("\nfixed        lockdep: &con->sock_mutex"));
  TrialRecord last = run.trials[0];
  last.name = "another";
  last.number = run.trials[0].number + 1;
  last.lab_of = run.trials[0].number;
  run.trials.insert(run.trials.begin() + 1, last);
  EXPECT_THAT(plain(run), HasSubstr("\nunclear      lockdep: &con->sock_mutex"));
}

TEST(TextReport, ShowsWhatWorkloadsCostTheKernelsBelowWhatTheyDid) {
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials) with_kernel_counts(trial.workloads[0]);
  expect_report(run, "kernel-counters.txt");
}

TEST(TextReport, SaysWhatWasFoundAndNotJudgedBelowWhatWasDone) {
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials) {
    Notes& notes = trial.workloads[0].total.notes;
    notes = {{"lost", 0.0}, {"torn", 0.0}, {"resident", 77.0}};
    if (trial.name == "self-read") notes["torn"] = 3.0;
    if (trial.name == "abba") notes = {{"lost", 240.0}, {"torn", 2.0}};
    // Of another program these words mean something else.
    if (trial.name == "stream") notes = {{"lost", 9.0}, {"torn", "often"}};
  }
  expect_report(run, "not-judged.txt");
}

TEST(KernelText, IsEmptyIfNothingIsKnownOrNothingWasSpent) {
  WorkloadRecord workload;
  EXPECT_EQ(kernel_text(workload), "");
  workload.kernel = {{"dlm_requests", 10}};
  EXPECT_EQ(kernel_text(workload), "") << "without operations there is no cost of one";
  workload.total.operations = 5;
  EXPECT_EQ(kernel_text(workload), "DLM per op: 2.0 requests");
  workload.kernel = {{"dlm_requests", 0}, {"dlm_frames", 0}};
  workload.lock_waits = {{"a", 1, 999}};
  EXPECT_EQ(kernel_text(workload), "");
}

TEST(KernelText, RoundsForPeople) {
  WorkloadRecord workload;
  workload.total.operations = 1000;
  workload.kernel = {{"dlm_requests", 1}, {"dlm_frames", 1'234'567}};
  workload.lock_waits = {{"a\x1b[2J", 1, 2.5e6}, {"b", 1, 2e6}};
  EXPECT_EQ(kernel_text(workload),
            "DLM per op: under 0.1 requests, 1235 frames\n"
            "waited 2.5 s for a\\x1b[2J");
}

TEST(TextReport, SaysThatNoTrialWasRun) {
  RunRecord run = sample_run();
  run.outcome = Outcome::error;
  run.exit_code = 3;
  run.accel.clear();
  run.seconds = 3.21;
  run.reason =
      "kernel unpatched: patch gfs2-dio.patch does not apply: hunk 2 of fs/gfs2/file.c\n"
      "the patch is made for another version of the source";
  expect_report(run, "no-trials.txt");
}

TEST(TextReport, WrapsVeryLongTitles) {
  RunRecord run = demo_run();
  const std::string title =
      "possible circular locking dependency detected: &sb->s_type->i_mutex_key#18 / "
      "&mm->mmap_lock / gfs2_glock_completion / " +
      std::string(160, 'x') + " in gfs2_file_read_iter";
  for (TrialRecord& trial : run.trials) {
    if (trial.outcome != Outcome::failed) continue;
    trial.findings.resize(1);
    trial.findings[0].kind = "lockdep";
    trial.findings[0].title = trial.reason = title;
  }
  run.topology = std::string(120, 't');
  run.trials[0].name = run.trials[3].name = "self-read-with-a-name-nobody-should-give-a-trial";
  expect_report(run, "long-titles.txt");
}

TEST(TextReport, LetsNothingHostileReachTheTerminal) {
  const std::string hostile =
      "\x1b]0;owned\x07\x1b[2J\r\n\xff\xfe \xc2\x9b"
      "31m \x7f";
  RunRecord run = demo_run();
  run.topology = run.host = run.command = run.accel_reason = run.accel = hostile;
  run.outcome = Outcome::failed;
  run.reason = hostile;
  for (KernelRecord& kernel : run.kernels) kernel.release = hostile;
  for (TrialRecord& trial : run.trials) {
    trial.name += hostile;
    trial.reason = hostile;
    trial.expected = false;
    trial.oracles[hostile] = trial.oracles["node1"];
    trial.oracles[hostile].dropped_lines = 3;
    for (WorkloadRecord& workload : trial.workloads) workload.detail = workload.name = hostile;
    for (FindingRecord& finding : trial.findings) {
      finding.title = hostile;
      finding.nodes = {hostile};
    }
  }
  run.trials[2].outcome = Outcome::error;
  expect_report(run, "hostile.txt");
}

TEST(TextReport, NamesOutcomesNobodyExpected) {
  RunRecord run = demo_run();
  TrialRecord& broken = run.trials[1];
  broken.outcome = Outcome::failed;
  broken.expected = false;
  broken.findings = {sample_finding("f1", "stall", "stall: no progress in abba", 30, {"node2"})};
  broken.reason = broken.findings[0].title;
  TrialRecord& fixed = run.trials[3];
  fixed.outcome = Outcome::passed;
  fixed.expected = false;
  fixed.findings.clear();
  run.outcome = Outcome::failed;
  run.reason = "patched abba: stall: no progress in abba";
  expect_report(run, "unexpected.txt");
}

TEST(TextReport, WritesColourOnlyWhenAsked) {
  const std::string colour = text_report(demo_run(), kWhere, Colour::on);
  EXPECT_THAT(colour, HasSubstr("\x1b[1;31mFAIL\x1b[0m"));
  EXPECT_THAT(colour, HasSubstr("\x1b[32mok\x1b[0m"));
  std::string stripped = colour;
  for (std::size_t at; (at = stripped.find('\x1b')) != std::string::npos;)
    stripped.erase(at, stripped.find('m', at) + 1 - at);
  EXPECT_EQ(stripped, plain(demo_run()));
}

TEST(TextReport, ShowsThreeKernelsBelowEachOtherWhenTheyDoNotFit) {
  RunRecord run = demo_run();
  for (const char* const kernel : {"next", "stable"}) {
    run.kernels.push_back(sample_kernel(kernel, ""));
    run.trials.push_back(sample_trial(static_cast<int>(run.trials.size()) + 1, kernel, "abba"));
  }
  expect_report(run, "four-kernels.txt");
}

TEST(TextReport, ShowsEachWorkloadOfATrial) {
  RunRecord run = sample_run();
  run.kernels = {sample_kernel("patched", "")};
  run.kernels[0].perf = true;
  TrialRecord trial = sample_trial(1, "patched", "self-read+stream");
  trial.workloads[0].name = "self-read";
  trial.workloads.push_back(trial.workloads[0]);
  trial.workloads[1].name = "stream";
  trial.workloads[1].total.write_bytes_per_second = 41.04e6;
  run.trials = {trial};
  const std::string text = plain(run);
  EXPECT_THAT(text, HasSubstr("self-read: 412 reads, none short\n"));
  EXPECT_THAT(text, HasSubstr("stream: write 41.0 MB/s\n"));
  EXPECT_THAT(text, Not(HasSubstr("not compared")));
}

TEST(TextReport, FindingsWithoutAVerdictOnTheOtherKernelAreNeitherFixedNorNew) {
  RunRecord run = demo_run();
  run.trials[0].outcome = Outcome::error;  // patched self-read, where unpatched has its BUG
  run.trials[0].reason = "QEMU died";
  run.trials[0].findings = {sample_finding("f1", "warning", "warning in dlm_midcomms", 3)};
  const std::string text = plain(run);
  EXPECT_THAT(text,
              HasSubstr("\nunclear      kernel BUG in gfs2_glock_nq · warning in dlm_midcomms\n"));
  EXPECT_THAT(text, HasSubstr("\nnew          none\n"));
  EXPECT_THAT(text, Not(HasSubstr("fixed        kernel BUG")));
}

TEST(TextReport, FindingOfAStepTheOtherKernelNeverReachedIsNotNew) {
  RunRecord run = demo_run();
  // Only abba: the patched kernel's report comes when a node leaves, and the unpatched one hung.
  run.trials = {run.trials[1], run.trials[4]};
  run.trials[0].findings[0].step = "stop";
  const std::string text = plain(run);
  EXPECT_THAT(text, HasSubstr("\nunclear      lockdep: &con->sock_mutex"));
  EXPECT_THAT(text, HasSubstr("\nnew          none\n"));
  run.trials[0].findings[0].step = "work";
  EXPECT_THAT(plain(run), HasSubstr("\nnew          lockdep: &con->sock_mutex"));
}

TEST(TextReport, LockdepReportIsNotFixedWhereLockdepWasOff) {
  RunRecord run = demo_run();
  run.trials = {run.trials[0], run.trials[3]};
  run.trials[0].findings.clear();
  run.trials[1].findings = {sample_finding("f1", "lockdep", "inversion in gfs2", 3)};
  EXPECT_THAT(plain(run), HasSubstr("\nfixed        inversion in gfs2\n"));
  run.trials[0].oracles["node2"].lockdep_alive = false;
  EXPECT_THAT(plain(run), HasSubstr("\nunclear      inversion in gfs2\n"));
}

TEST(TextReport, SaysForEveryKernelAndNodeWhereNoLockdepReportIsVoid) {
  RunRecord run = demo_run();
  run.trials[4].oracles["node2"].lockdep_alive = false;
  EXPECT_THAT(plain(run),
              HasSubstr("\n             \"no lockdep report\" is void for unpatched: node1 "
                        "in 1 of 3 trials, node2 in 2\n"));
  for (TrialRecord& trial : run.trials)
    for (auto& [node, oracle] : trial.oracles) oracle.lockdep_alive = true;
  EXPECT_THAT(plain(run), Not(HasSubstr("is void")));
}

TEST(TextReport, NamesTablesOfLockdepThatWereNearlyFull) {
  RunRecord run = demo_run();
  run.trials[0].oracles["node2"].lockdep_tables["chain_hlocks"] = {80, 100};
  EXPECT_THAT(plain(run), Not(HasSubstr("nearly full")));
  run.trials[0].oracles["node2"].lockdep_tables["chain_hlocks"] = {81, 100};
  EXPECT_THAT(plain(run),
              HasSubstr("tables nearly full: chain_hlocks 81 % on node2 in patched self-read"));
}

TEST(TextReport, SaysWhereHungTasksWereReportedNoMore) {
  RunRecord run = demo_run();
  run.trials[4].oracles["node1"].hung_task_reports_left = 0;
  EXPECT_THAT(plain(run), HasSubstr("\nhung tasks   the kernel had stopped reporting them"));
  EXPECT_THAT(plain(run), HasSubstr("unpatched: node1 in 1 of 3 trials"));
}

TEST(TextReport, SaysWhichConsolesWereNotSeenToAgreeWithTheirKernels) {
  RunRecord run = demo_run();
  EXPECT_THAT(plain(run),
              HasSubstr("\nself-check   12 of 12 consoles agree with what the kernel counted\n"));
  run.trials[1].oracles["node1"].self_check = "disagrees";
  run.trials[2].oracles["node1"].self_check = "not made: the kernel dropped 3 of its messages";
  const std::string text = plain(run);
  EXPECT_THAT(text, HasSubstr("\nself-check   10 of 12 consoles agree"));
  EXPECT_THAT(text, HasSubstr("disagrees: patched abba node1\n"));
  EXPECT_THAT(text,
              HasSubstr("not made: the kernel dropped 3 of its messages: patched stream node1"));
}

TEST(TextReport, SaysNothingOfASelfCheckThatARunDidNotMake) {
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials)
    for (auto& [node, oracle] : trial.oracles) oracle.self_check.clear();
  EXPECT_THAT(plain(run), Not(HasSubstr("self-check")));
}

TEST(TextReport, AFindingAgainstGridlockIsOfNoKernel) {
  RunRecord run = demo_run();
  run.trials[3].findings.push_back(
      sample_finding("f3", "self_check", "the console shows 1 oops, the kernel counted 2", 30));
  const std::string text = plain(run);
  EXPECT_THAT(text, Not(HasSubstr("the kernel counted 2")));
  EXPECT_THAT(text, HasSubstr("\nnew          none\n"));
}

TEST(TextReport, SaysWhereTheClusterWasNotWhole) {
  RunRecord run = demo_run();
  run.trials[4].oracles["node1"].gfs2_withdrawn = true;
  run.trials[4].oracles["node2"].dlm_recovering = true;
  EXPECT_THAT(plain(run),
              HasSubstr("\nGFS2         had withdrawn when the work ended on unpatched: "
                        "node1 in 1 of 3 trials\n"));
  EXPECT_THAT(plain(run), HasSubstr("\nDLM          was recovering when the work ended on "
                                    "unpatched: node2 in 1 of 3 trials\n"));
}

TEST(TextReport, ComparesNothingWhenOneKernelHasNoVerdict) {
  RunRecord run = demo_run();
  run.trials.resize(3);
  const std::string text = plain(run);
  EXPECT_THAT(text,
              HasSubstr("compared     nothing: one of the kernels has no trial with a verdict"));
  EXPECT_THAT(text, Not(HasSubstr("\nfixed")));
}

TEST(TextReport, CountsReportsTheConsoleCutShort) {
  // Of its two findings one is a consequence, which is not compared anyway.
  RunRecord run = demo_run();
  for (FindingRecord& finding : run.trials[3].findings) finding.incomplete = "cut";
  EXPECT_THAT(plain(run),
              HasSubstr("incomplete   1 report cut short on the console, not compared"));
}

std::vector<std::string> order(const RunRecord& run) { return kernels_in_order(run); }

TEST(KernelOrder, BaseIsTheOneExpectedToFail) {
  RunRecord run = demo_run();
  for (KernelRecord& kernel : run.kernels) kernel.from.clear();
  for (auto& kernel : run.kernels) kernel.name = kernel.name == "patched" ? "new" : "old";
  for (auto& trial : run.trials) trial.kernel = trial.kernel == "patched" ? "new" : "old";
  EXPECT_THAT(order(run), ElementsAre("old", "new"));
  std::swap(run.kernels[0], run.kernels[1]);
  EXPECT_THAT(order(run), ElementsAre("old", "new"));
}

TEST(KernelOrder, BaseIsElseTheUnpatchedThenTheOneDerivedFromThenTheSecond) {
  RunRecord run = sample_run();
  run.kernels = {sample_kernel("unpatched", ""), sample_kernel("patched", "")};
  EXPECT_THAT(order(run), ElementsAre("unpatched", "patched"));
  run.kernels = {sample_kernel("mainline", ""), sample_kernel("mine", "mainline")};
  EXPECT_THAT(order(run), ElementsAre("mainline", "mine"));
  run.kernels = {sample_kernel("mine", "mainline"), sample_kernel("mainline", "")};
  EXPECT_THAT(order(run), ElementsAre("mainline", "mine"));
  run.kernels = {sample_kernel("head", ""), sample_kernel("base", "")};
  EXPECT_THAT(order(run), ElementsAre("base", "head"));
}

TEST(TextList, ShowsOneLineARun) {
  RunRecord failed = demo_run();
  failed.id = "20261123T000000Z-gfs2-mmap-dio-0001";
  failed.outcome = Outcome::failed;
  RunRecord unreadable;
  unreadable.id = "20261123T010000Z-x-0002";
  unreadable.outcome = Outcome::error;
  unreadable.reason = "there is no run: run.json is missing";
  RunRecord hostile = sample_run();
  hostile.id = "\x1b[2J";
  hostile.topology = "\xff\n";
  hostile.outcome = Outcome::interrupted;
  const std::string text = text_list({sample_run(), failed, unreadable, hostile}, Colour::off);
  expect_golden(text, "report/list.txt");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text_list({failed}, Colour::on), HasSubstr("\x1b[1;31mfailed"));
  EXPECT_EQ(text_list({}, Colour::off), "no run was kept yet\n");
}

TEST(Columns, CountsWhatATerminalShows) {
  EXPECT_EQ(display_width("node1"), 5u);
  EXPECT_EQ(display_width("…·×"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(padded("日本", 6), "日本  ");
  EXPECT_EQ(padded("longer", 3), "longer");
}

TEST(Columns, ClipsAtCharacters) {
  EXPECT_EQ(clipped("node1", 5), "node1");
  EXPECT_EQ(clipped("node12", 5), "node…");
  EXPECT_EQ(clipped("日本語", 4), "日…");
  EXPECT_EQ(clipped("abc", 0), "");
}

TEST(Columns, WrapsAtBlanksAndBreaksOnlyWordsThatDoNotFit) {
  EXPECT_THAT(wrapped("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("a 0123456789abcdef b", 8), ElementsAre("a", "01234567", "89abcdef", "b"));
  EXPECT_THAT(wrapped("one\ntwo", 80), ElementsAre("one", "two"));
  EXPECT_THAT(wrapped("", 80), ElementsAre(""));
  EXPECT_THAT(wrapped("日本語日本語", 8), ElementsAre("日本語日", "本語"));
}

}  // namespace
}  // namespace gridlock
