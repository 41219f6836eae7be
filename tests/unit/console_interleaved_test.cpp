// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of several writers, gaps, broken lines, floods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/line.h"
#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The console with a caller after every time stamp, as CONFIG_PRINTK_CALLER prints it.
std::vector<std::string> lines_of_caller(const std::string& console, const std::string& caller) {
  std::vector<std::string> lines;
  std::istringstream in(console);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with('[')) lines.push_back(line.insert(line.find("] ") + 1, caller) + "\n");
  return lines;
}

std::string hung_report() {
  return excerpt(real_console("abba-unpatched-node1"),
                 "INFO: task mdio:108 blocked for more than 10", "=====");
}

std::string bug_report() {
  return excerpt(real_console("self-unpatched-node1"), "original: vfs_read",
                 "Fixing recursive fault");
}

TEST(Interleaved, TheConsolesReadTheSameWithCallers) {
  for (const char* const name : {"self-unpatched-node1", "self-unpatched-node2",
                                 "abba-unpatched-node2", "leave-patched-node2"}) {
    const std::string console = real_console(name);
    std::string with_callers;
    for (const std::string& line : lines_of_caller(console, "[  T105]")) with_callers += line;
    const auto plain = findings_in(console);
    ASSERT_FALSE(plain.empty());
    EXPECT_EQ(identities_of(findings_in(with_callers)), identities_of(plain)) << name;
  }
}

TEST(Interleaved, TwoWritersDoNotMix) {
  // The same second, line by line.
  const auto hung = lines_of_caller(with(hung_report(), "[   41.", "[   73."), "[   T18]");
  const auto bug = lines_of_caller(bug_report(), "[  T105]");
  ASSERT_GT(hung.size(), 40u);
  ASSERT_GT(bug.size(), 100u);
  std::string mixed;
  for (std::size_t i = 0; i < std::max(hung.size(), bug.size()); ++i) {
    if (i < hung.size()) mixed += hung[i];
    if (i < bug.size()) mixed += bug[i];
  }
  const auto findings = findings_in(mixed);
  ASSERT_THAT(kinds_of(findings), ElementsAre("hung_task", "bug", "warning", "oops"));
  EXPECT_EQ(findings[0].identity, "hung:gfs2_fault<gfs2_file_read_iter");
  EXPECT_EQ(findings[0].incomplete, "");
  EXPECT_EQ(findings[1].identity, "recursion:gfs2:inode:DF>SH:gfs2_fault<gfs2_file_read_iter");
  EXPECT_EQ(findings[1].incomplete, "");
  EXPECT_TRUE(findings[3].secondary);
}

TEST(Interleaved, WithoutCallersTwoTasksInOneReportAreSaid) {
  std::string bug = excerpt(real_console("self-unpatched-node2"), "cut here", "end trace");
  const std::size_t trace = bug.find("Call Trace:");
  bug.insert(bug.rfind('\n', trace) + 1,
             "[   26.994400] CPU: 1 PID: 999 Comm: fio Not tainted 6.1.192 #2\n");
  const auto findings = findings_in(bug);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "mixed with another report");
}

TEST(Interleaved, AProgramsLineInsideDoesNotBreakAReport) {
  std::string text = hung_report();
  text.insert(text.find("[   41.423954]"), "read /mnt/x<-/mnt/x done iters=0\n");
  const auto findings = findings_in(text);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "");
}

TEST(Interleaved, AProgramsUnfinishedLineDoesNotHideAReport) {
  const auto findings = findings_in("waiting for quorum ..." + hung_report());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, "hung_task");
  EXPECT_EQ(findings[0].begin, 0u);
}

TEST(Interleaved, DroppedMessagesAreCountedAndTheReportIsNotWhole) {
  std::string text = hung_report();
  text.insert(text.find("[   41.437668]"), "[   41.437000] ** 37 printk messages dropped **\n");
  Reader reader;
  reader.feed(text);
  reader.finish();
  EXPECT_EQ(reader.dropped(), 37u);
  const auto findings = reader.take();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "messages were lost inside it");
}

TEST(Interleaved, AReportCutOffByTheConsolesEndIsNotWhole) {
  const std::string text = hung_report();
  const auto findings = findings_in(text.substr(0, text.find("__do_fault")));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "a line of it is cut or holds two lines");
  const auto at_line_end = findings_in(text.substr(0, text.find("[   41.437973]")));
  ASSERT_EQ(at_line_end.size(), 1u);
  EXPECT_EQ(at_line_end[0].incomplete, "its call trace is cut off");
}

TEST(Interleaved, ABugIsTakenAtItsEndMarkAndPendingBefore) {
  const std::string text = bug_report();
  const std::size_t header = text.find("invalid opcode");
  const std::size_t end = text.find("end trace");
  Reader reader;
  EXPECT_FALSE(reader.pending());
  reader.feed(text.substr(0, header));
  EXPECT_TRUE(reader.pending());
  EXPECT_THAT(reader.take(), IsEmpty());
  reader.feed(text.substr(header, text.find('\n', end) + 1 - header));
  EXPECT_FALSE(reader.pending());
  EXPECT_EQ(reader.take().size(), 1u);
  EXPECT_THAT(reader.take(), IsEmpty());
}

TEST(Interleaved, AReportOfASilentWriterEndsWhenOthersGoOn) {
  const std::string header =
      "[   10.000000][  T5] INFO: task a:9 blocked for more than 10 seconds.\n";
  Reader reader;
  reader.feed(header + "[   14.000000][  T6] something else\n");
  EXPECT_TRUE(reader.pending());
  reader.feed("[   16.000000][  T6] something else\n");
  EXPECT_FALSE(reader.pending());
  EXPECT_EQ(reader.take().size(), 1u);

  Reader unstamped;
  unstamped.feed("[  T5] INFO: task a:9 blocked for more than 10 seconds.\n");
  for (int i = 0; i < 2500; ++i) unstamped.feed("[  T6] something else\n");
  EXPECT_EQ(unstamped.take().size(), 1u);
}

TEST(Lines, CarriageReturnsNulsAndLongLinesAreBorne) {
  const std::string text = with(hung_report(), "\n", "\r\r\n");
  EXPECT_THAT(identities_of(findings_in(with(text, "41.41", std::string("41\0.41", 6)))),
              ElementsAre("hung:gfs2_fault<gfs2_file_read_iter"));
  Reader reader;
  reader.feed(std::string(10 << 20, 'x') + "\n\nlast\r\n  \n");
  EXPECT_EQ(reader.lines_read(), 4u);
  EXPECT_EQ(reader.last_line(), "last");
  EXPECT_EQ(reader.bytes_read(), (10u << 20) + 11);
}

TEST(Lines, StampAndCallerAreTakenOff) {
  const Line line = parse_line({"host kernel: <6>[   71.803301][  T123]  <TASK>", 5, 60, false});
  EXPECT_EQ(line.text, " <TASK>");
  EXPECT_EQ(line.caller, "T123");
  EXPECT_DOUBLE_EQ(line.time.value_or(0), 71.803301);
  EXPECT_EQ(line.begin, 5u);
  EXPECT_EQ(parse_line({"<4>[    C0] text", 0, 0, false}).caller, "C0");
  EXPECT_EQ(parse_line({"[ 1.5] [TASK] text", 0, 0, false}).text, "[ 1.5] [TASK] text");
}

TEST(Lines, TwoLinesInOneMakeTheReportNotWhole) {
  const auto findings =
      findings_in(with(hung_report(), "10 seconds.", "10 [   41.413708] seconds."));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "a line of it is cut or holds two lines");
}

TEST(Lines, AFloodOfReportsStaysBounded) {
  Reader reader;
  std::string flood;
  for (int i = 0; i < 2000; ++i)
    flood += "[   10.000000][  T" + std::to_string(i) + "] BUG: a flood of reports\n";
  for (int i = 0; i < 10; ++i) reader.feed(flood);
  reader.finish();
  const auto findings = reader.take();
  EXPECT_GT(findings.size(), 1000u);
  EXPECT_LE(findings.size(), 4096u);
}

TEST(Interleaved, OtherCpusAnswersToAnNmiBelongToTheReportThatSentIt) {
  const auto findings = findings_in(
      "[   10.0][    C1] x\n"
      "[   10.000000][    C1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
      "[   10.000001][    C1] rcu: \t0-...!: (1 GPs behind)\n"
      "[   10.000002][    C1] Sending NMI from CPU 1 to CPUs 0:\n"
      "[   10.000003][    C0] NMI backtrace for cpu 0\n"
      "[   10.000004][   T77] an innocent line\n"
      "[   10.000005][    C0] Call Trace:\n"
      "[   10.000006][    C0]  gfs2_spin+0x1/0x2\n"
      "[   10.000007][    C0]  gfs2_work+0x1/0x2\n"
      "[   10.000008][    C0]  process_one_work+0x1/0x2\n"
      "[   10.000009][   T77] gfs2_never+0x1/0x2\n");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, "rcu_stall");
  EXPECT_EQ(findings[0].function, "gfs2_work");
  EXPECT_THAT(findings[0].frames, testing::ElementsAre("gfs2_work", "gfs2_spin"));
}

TEST(Interleaved, ALogThatIsPrintedAgainIsSaidAndNeverPrimary) {
  const std::string console = real_console("self-unpatched-node1");
  const std::size_t count = findings_in(console).size();
  ASSERT_GE(count, 2u);
  Reader reader;
  reader.feed(console);
  EXPECT_EQ(reader.replayed(), 0u);
  reader.feed(console);
  reader.finish();
  const auto findings = reader.take();
  ASSERT_EQ(findings.size(), 2 * count);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    EXPECT_EQ(findings[i].replayed, i >= count) << i;
    EXPECT_EQ(findings[i].identity, findings[i % count].identity) << i;
    EXPECT_TRUE(findings[i].secondary || !findings[i].replayed) << i;
  }
  EXPECT_EQ(reader.replayed(), count);
}

TEST(Interleaved, AMessageReplayedByPrintkIsSkipped) {
  const std::string header = "[   10.000000] BUG: something\n";
  Reader reader;
  reader.feed(header + "** replaying previous printk message **\n" + header);
  reader.finish();
  EXPECT_EQ(reader.take().size(), 1u);
  EXPECT_EQ(reader.replayed(), 1u);
}

TEST(Lines, ATasksNameWithNewlinesDoesNotHideTheHungTask) {
  const auto findings = findings_in(
      "[ 1052.080846][   T41] INFO: task a\xff\n[ 1052.080846][   T41] \n"
      "[ 1052.080846][   T41] b:18088 blocked for more than 143 seconds.\n"
      "[ 1052.150223][   T41] task:a\xff\n[ 1052.150223][   T41] \n"
      "[ 1052.150223][   T41] b state:D pid:18088\n[ 1052.189780][   T41] Call Trace:\n"
      "[ 1052.199981][   T41]  <TASK>\n[ 1052.211420][   T41]  __schedule+0x1/0x2\n"
      "[ 1052.215835][   T41]  p9_fd_close+0x1/0x2\n[ 1052.215836][   T41]  </TASK>\n");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, "hung_task");
  EXPECT_EQ(findings[0].pid, 18088);
  EXPECT_EQ(findings[0].function, "p9_fd_close");
}

TEST(Lines, ATextThatOnlyBeginsLikeAHungTaskIsNone) {
  EXPECT_TRUE(findings_in("[    1.000000][   T1] INFO: task list:\n[    1.000001][   T1] a\n"
                          "[    1.000001][   T1] b blocked for more than 1 s\n")
                  .empty());
}

TEST(Lines, AnotherProgramsStampInsteadOfTheKernelsIsTakenOff) {
  const std::string console = real_console("self-unpatched-node1");
  const auto with_stamps = identities_of(findings_in(console));
  const auto without = [&](const std::string& prefix) {
    std::string text;
    std::stringstream lines(console);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t close = line.find("] ");
      if (line.starts_with("[") && close != std::string::npos)
        text += prefix + line.substr(close + 2) + "\n";
    }
    return identities_of(findings_in(text));
  };
  const auto bare = without("");
  ASSERT_GE(bare.size(), 4u);
  EXPECT_EQ(without("[Mon Nov 23 04:56:25 2026] "), bare);
  EXPECT_EQ(without("Nov 23 04:56:25 node1 kernel: "), bare);
  EXPECT_EQ(without("2026-11-23T04:56:25.123456+0000 node1 kernel: "), bare);
  EXPECT_EQ(bare, with_stamps);
}

TEST(Reader, SaysWhereWhatIsOpenBegins) {
  Reader reader;
  EXPECT_FALSE(reader.open_since());
  reader.feed("[   10.000000] an ordinary line\n");
  EXPECT_FALSE(reader.open_since());
  const std::uint64_t begin = reader.bytes_read();
  reader.feed("[   10.000001] ------------[ cut here ]------------\n");
  EXPECT_EQ(reader.open_since(), begin);
  reader.feed("[   10.000002] kernel BUG at fs/gfs2/glock.c:1!\n");
  EXPECT_EQ(reader.open_since(), begin);
  reader.finish();
  EXPECT_FALSE(reader.open_since());
  ASSERT_EQ(reader.take().size(), 1u);
}

}  // namespace
}  // namespace gridlock::console
