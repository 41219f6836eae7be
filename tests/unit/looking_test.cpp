// SPDX-License-Identifier: GPL-2.0-or-later
// What a person types to look at a lab.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "base/error.h"
#include "cli/console_turn.h"
#include "cli/hold_options.h"
#include "cli/raw_terminal.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

TEST(Escape, EndsAtTheBeginOfALineOnly) {
  EscapeWatch escape;
  EXPECT_EQ(escape.pass("ls ~.\r"), "ls ~.\r");
  EXPECT_FALSE(escape.ended());
  EXPECT_EQ(escape.pass("~"), "");
  EXPECT_EQ(escape.pass("."), "");
  EXPECT_TRUE(escape.ended());
}

TEST(Escape, IsKnownFromTheFirstKeyAndCutsWhatFollows) {
  EscapeWatch escape;
  EXPECT_EQ(escape.pass("~.rm"), "");
  EXPECT_TRUE(escape.ended());
}

TEST(Escape, ATildeForSomethingElseIsPassedOn) {
  EscapeWatch escape;
  EXPECT_EQ(escape.pass("~/bin\r"), "~/bin\r");
  EXPECT_EQ(escape.pass("~~.\r"), "~.\r");
  EXPECT_FALSE(escape.ended());
}

TEST(Escape, IsKnownAfterTheTerminalToldWhereTheCursorIs) {
  EscapeWatch escape;
  EXPECT_EQ(escape.pass("\x1b[12;9"), "\x1b[12;9");
  EXPECT_EQ(escape.pass("R~."), "R");
  EXPECT_TRUE(escape.ended());
}

TEST(Escape, IsNoneAfterAnotherKey) {
  EscapeWatch escape;
  EXPECT_EQ(escape.pass("\x1b[A~.\r"), "\x1b[A~.\r");
  EXPECT_EQ(escape.pass("\x1b\r~x"), "\x1b\r~x");
  EXPECT_FALSE(escape.ended());
}

TEST(ConsoleTurn, IsWaitedForWhileAnybodyElseIsAttached) {
  const test_support::TempDir folder;
  const std::filesystem::path log = folder.path() / "console.log";
  std::ofstream(log) << "a line";
  std::optional<ConsoleTurn> first(log);
  std::optional<ConsoleTurn> second(log);
  EXPECT_FALSE(first->must_wait());
  EXPECT_TRUE(second->must_wait());
  first.reset();
  EXPECT_TRUE(ConsoleTurn(log).must_wait());
  second.reset();
  EXPECT_FALSE(ConsoleTurn(log).must_wait());
}

TEST(ConsoleTurn, IsNotWaitedForWithoutALog) {
  EXPECT_FALSE(ConsoleTurn("/nonexistent/console.log").must_wait());
}

TEST(HoldOptions, AreALeaseAndWhetherToFreeze) {
  EXPECT_FALSE(HoldChoice{}.options().lease);
  EXPECT_EQ((HoldChoice{"10m", true}).options().lease, std::chrono::minutes(10));
  EXPECT_TRUE((HoldChoice{"10m", true}).options().freeze);
  EXPECT_THROW((void)(HoldChoice{"soon", false}).options(), UsageError);
  EXPECT_THROW((void)(HoldChoice{"0s", false}).options(), UsageError);
  EXPECT_THROW((void)(HoldChoice{"", true}).options(), UsageError);
}

}  // namespace
}  // namespace gridlock
