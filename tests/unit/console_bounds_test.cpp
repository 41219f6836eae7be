// SPDX-License-Identifier: GPL-2.0-or-later
// What a console can do to make the reader keep more and more: everything it keeps is bounded.
#include <gtest/gtest.h>

#include <random>

#include "console/line.h"
#include "fuzz/console_invariants.h"
#include "support/console_text.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMostFindings = 4096;  // nobody takes

void expect_bounded(const std::vector<Finding>& findings, std::uint64_t size) {
  EXPECT_LE(findings.size(), kMostFindings);
  for (const Finding& finding : findings) {
    ASSERT_NO_THROW(fuzz::check_console_finding(finding, size)) << finding.title;
    ASSERT_LE(finding.stack.size(), 64u);
  }
}

/// A random text of printable bytes, with brackets, slashes and digits, but without a line end.
std::string random_text(std::size_t size, std::mt19937& random) {
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(' ' + random() % 95);
  return text;
}

TEST(Bounds, ALineOf64MiBKeepsItsFirst4KiB) {
  std::mt19937 random(1);  // NOLINT: the same text every time
  const std::string piece = random_text(1 << 20, random);
  Reader reader;
  reader.feed("[    1.000000] BUG: ");
  for (int i = 0; i < 64; ++i) reader.feed(piece);
  EXPECT_TRUE(reader.last_line().empty());
  EXPECT_EQ(reader.lines_read(), 0u);
  reader.finish();
  EXPECT_EQ(reader.bytes_read(), 20 + (64u << 20));
  EXPECT_EQ(reader.lines_read(), 1u);
  EXPECT_LE(reader.last_line().size(), kMaxLine);
  const auto findings = reader.take();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].end, reader.bytes_read());
  EXPECT_EQ(findings[0].incomplete, "a line of it is cut or holds two lines");
  expect_bounded(findings, reader.bytes_read());
}

TEST(Bounds, A64MiBLineHidesNothingBehindIt) {
  Reader reader;
  const std::string piece(1 << 20, '[');
  for (int i = 0; i < 64; ++i) reader.feed(piece);
  reader.feed("\n[    1.000000] dlm: data: addwait error\n");
  reader.finish();
  EXPECT_EQ(reader.take().size(), 1u);
}

TEST(Bounds, HeadersInARowWithoutEnd) {
  constexpr int kHeaders = 100'000;
  const std::vector<std::string> headers{
      "INFO: task fio:%d blocked for more than 10 seconds.",
      "WARNING: possible circular locking dependency detected",
      "BUG: kernel NULL pointer dereference, address: 0000000000000008",
      "BUG: KASAN: use-after-free in gfs2_glock_nq+0x10/0x20",
      "WARNING: CPU: 0 PID: %d at fs/gfs2/glock.c:100 gfs2_glock_nq+0x10/0x20",
      "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
      "gfs2: fsid=lab:data.0: fatal: assertion \"x\" failed",
      "Kernel panic - not syncing: Fatal exception",
      "------------[ cut here ]------------",
      "======================================================"};
  std::mt19937 random(2);  // NOLINT: the same headers every time
  Reader untaken;
  Reader taken;
  std::size_t found = 0;
  std::uint64_t size = 0;
  for (int i = 0; i < kHeaders; ++i) {
    const std::string line = "[   10.000000] " +
                             with(headers[random() % headers.size()], "%d", std::to_string(i)) +
                             "\n";
    size += line.size();
    untaken.feed(line);
    taken.feed(line);
    if (i % 100 != 0) continue;
    const auto findings = taken.take();
    ASSERT_LE(findings.size(), 101u);  // a line can end one report and be another
    expect_bounded(findings, size);
    found += findings.size();
  }
  untaken.finish();
  EXPECT_FALSE(untaken.pending());
  EXPECT_EQ(untaken.lines_read(), static_cast<std::uint64_t>(kHeaders));
  const auto findings = untaken.take();
  EXPECT_EQ(findings.size(), kMostFindings);
  expect_bounded(findings, size);
  EXPECT_GT(found, kMostFindings);
}

TEST(Bounds, TenThousandCallersAtOnce) {
  constexpr int kCallers = 10'000;
  const std::string report =
      excerpt(real_console("self-unpatched-node1"), "original: vfs_read", "Fixing recursive fault");
  std::vector<std::string> texts;
  std::istringstream in(report);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with('[')) texts.push_back(line.substr(line.find("] ") + 1));
  ASSERT_GT(texts.size(), 50u);
  // Each caller says the whole report; whose turn it is, is random.
  std::mt19937 random(3);  // NOLINT: the same turns every time
  std::vector<std::size_t> said(kCallers);
  Reader reader;
  std::uint64_t size = 0;
  for (int i = 0; i < 30 * kCallers; ++i) {
    const std::size_t caller = random() % kCallers;
    const std::string line = "[   10.000000][ T" + std::to_string(caller) + "]" +
                             texts[said[caller]++ % texts.size()] + "\n";
    size += line.size();
    reader.feed(line);
  }
  reader.finish();
  EXPECT_FALSE(reader.pending());
  EXPECT_EQ(reader.bytes_read(), size);
  const auto findings = reader.take();
  EXPECT_GT(findings.size(), 100u);
  expect_bounded(findings, size);
}

TEST(Bounds, AReportThatNeverEndsIsCutOff) {
  // Nothing but frames, which are never foreign to a report.
  std::mt19937 random(4);  // NOLINT: the same names every time
  std::string text =
      "[   10.000000] INFO: task a:9 blocked for more than 10 seconds.\n"
      "[   10.000000] Call Trace:\n";
  for (int i = 0; i < 100'000; ++i)
    text += "[   10.000000]  f" + std::to_string(random()) + "+0x10/0x20\n";
  const auto findings = findings_in(text);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "it is longer than a report can be");
  EXPECT_LT(findings[0].end, 100'000u);
  expect_bounded(findings, text.size());
}

}  // namespace
}  // namespace gridlock::console
