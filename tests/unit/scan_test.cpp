// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/console_scan.h"
#include "support/console_text.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Keeps what it is told.
class KeptReport final : public ScanReport {
 public:
  void finding(const std::string& file, const console::Finding& finding) override {
    EXPECT_EQ(file, "a.log");
    findings.push_back(finding);
  }
  void end(const std::string&, const ConsoleTotals&) override {}
  void unreadable(const std::string&, const std::string&) override {}
  void finish() override {}

  std::vector<std::string> kinds() const { return console::kinds_of(findings); }
  std::vector<console::Finding> findings;
};

class Scan : public testing::Test {
 protected:
  KeptReport report_;
  ConsoleScan scan_{"a.log", report_};
};

/// A report that goes on, and one of another task that is whole after its line.
const std::string kHungHeader =
    "[   62.374217][   T7] INFO: task ls:98 blocked for more than 10 seconds.\n";
const std::string kOneLine = "[   62.374300][   T8] BUG: MAX_LOCKDEP_CHAINS too low!\n";

TEST_F(Scan, TellsOneFileTheSameHoweverItIsFed) {
  for (const char* const name : {"self-unpatched-node1", "abba-unpatched-node2"}) {
    const std::string bytes = console::real_console(name);
    ASSERT_FALSE(bytes.empty());
    const std::vector<console::Finding> wanted = console::findings_in(bytes);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{777}, bytes.size()}) {
      KeptReport report;
      ConsoleScan scan("a.log", report);
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        scan.feed(std::string_view(bytes).substr(at, piece));
      scan.finish();
      EXPECT_EQ(console::identities_of(report.findings), console::identities_of(wanted));
      EXPECT_TRUE(std::is_sorted(
          report.findings.begin(), report.findings.end(),
          [](const console::Finding& a, const console::Finding& b) { return a.begin < b.begin; }));
      EXPECT_EQ(scan.totals().findings, wanted.size());
      EXPECT_EQ(scan.totals().bytes, bytes.size());
    }
  }
}

TEST_F(Scan, TellsAFindingAsSoonAsItIsWhole) {
  scan_.feed(kOneLine);
  EXPECT_EQ(report_.findings.size(), 1u);
}

TEST_F(Scan, HoldsAFindingBackWhileOneThatBeganBeforeIsOpen) {
  scan_.feed(kHungHeader);
  scan_.feed(kOneLine);
  EXPECT_THAT(report_.findings, IsEmpty());
  scan_.finish();
  ASSERT_EQ(report_.findings.size(), 2u);
  EXPECT_EQ(report_.findings[0].kind, "hung_task");
  EXPECT_LT(report_.findings[0].begin, report_.findings[1].begin);
}

TEST_F(Scan, HoldsABoundedNumberOfFindingsBack) {
  scan_.feed(kHungHeader);
  int fed = 0;
  // Well below the number of foreign lines that end a report.
  for (; fed < 1900; ++fed) scan_.feed(kOneLine);
  EXPECT_GE(report_.findings.size(), 800u);
  scan_.finish();
  EXPECT_EQ(report_.findings.size(), 1901u);
}

TEST_F(Scan, LosesNoFindingOfALargePiece) {
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes += kOneLine;
  scan_.feed(bytes);
  scan_.finish();
  EXPECT_EQ(report_.findings.size(), 10'000u);
}

TEST_F(Scan, TellsAnOpenReportWhenTheConsoleFallsSilent) {
  scan_.feed(kHungHeader);
  EXPECT_THAT(report_.findings, IsEmpty());
  scan_.fall_silent();
  EXPECT_THAT(report_.kinds(), ElementsAre("hung_task"));
  scan_.fall_silent();
  EXPECT_THAT(report_.kinds(), ElementsAre("hung_task"));
}

TEST_F(Scan, GoesOnAfterASilenceWithRightPositions) {
  scan_.feed(kHungHeader);
  scan_.fall_silent();
  scan_.feed(kOneLine);
  scan_.finish();
  ASSERT_EQ(report_.findings.size(), 2u);
  EXPECT_EQ(report_.findings[1].begin, kHungHeader.size());
}

TEST_F(Scan, WaitsForTheRestOfALineInASilence) {
  scan_.feed(kHungHeader + "[   62.3742");
  scan_.fall_silent();
  EXPECT_THAT(report_.findings, IsEmpty());
  scan_.finish();
  EXPECT_EQ(report_.findings.size(), 1u);
}

TEST_F(Scan, CountsDroppedMessages) {
  scan_.feed("[    1.000000] usb: hello\n** 17 printk messages dropped **\n");
  scan_.finish();
  EXPECT_EQ(scan_.totals().dropped, 17u);
  EXPECT_EQ(scan_.totals().lines, 2u);
}

}  // namespace
}  // namespace gridlock
