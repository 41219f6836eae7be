// SPDX-License-Identifier: GPL-2.0-or-later
// What a person types to look at a lab.
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/hold_options.h"
#include "cli/raw_terminal.h"

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
