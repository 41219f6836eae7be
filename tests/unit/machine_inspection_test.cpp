// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/inspection.h"

#include <gtest/gtest.h>

namespace gridlock {
namespace {

using Kind = MachineState::Kind;
using Process = MachineState::Process;

TEST(MachineState, SaysWhoPausedIt) {
  EXPECT_EQ(describe({Kind::running, {}, Process::runs}), "runs");
  EXPECT_EQ(describe({Kind::paused, "by Gridlock", Process::runs}), "is paused: by Gridlock");
  EXPECT_EQ(describe({Kind::panicked, {}, Process::runs}), "is paused: its kernel panicked");
  EXPECT_EQ(describe({}), "is gone");
}

TEST(MachineState, AQemuThatStandsStillCountsMoreThanWhatLibvirtBelieves) {
  EXPECT_EQ(describe({Kind::running, {}, Process::stopped}),
            "its QEMU was stopped by a signal (SIGSTOP?)");
  EXPECT_EQ(describe({Kind::running, {}, Process::stuck}),
            "its QEMU hangs in the host's kernel (state D)");
}

}  // namespace
}  // namespace gridlock
