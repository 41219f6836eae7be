// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "campaign/lab_memory.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

/// Eight nodes of 512 MiB: 6 GiB with QEMU's own.
Plan eight_nodes() {
  Plan plan = sample_plan();
  PlannedNode node = plan.nodes.front();
  node.memory = Bytes::mib(512);
  plan.nodes.assign(8, node);
  return plan;
}

TEST(LabMemory, IsRefusedWithTheNumbersWhenItIsNotAvailable) {
  MemoryReading now;
  now.available = Bytes::gib(5);
  try {
    require_memory(eight_nodes(), now);
    FAIL() << "was let through";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "8 nodes do not fit this host now: with 256 MiB for each QEMU they may take 6 GiB, "
        "and 5 GiB are available");
    EXPECT_THAT(error.hint(), HasSubstr("nodes.count"));
  }
  now.limit = Bytes::gib(8);
  try {
    require_memory(eight_nodes(), now);
    FAIL() << "was let through";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("5 GiB are available (the control group has 8 GiB)"));
  }
}

TEST(LabMemory, IsToldWithWhetherPagesAreMerged) {
  MemoryReading now;
  now.available = Bytes::gib(6);
  EXPECT_THAT(require_memory(eight_nodes(), now), HasSubstr("6 GiB of 6 GiB available"));
  EXPECT_THAT(require_memory(eight_nodes(), now), HasSubstr("kernel does not merge"));
  now.ksm = Ksm{};
  EXPECT_THAT(require_memory(eight_nodes(), now), HasSubstr("KSM is off"));
  now.ksm = Ksm{true, Bytes::mib(700)};
  EXPECT_THAT(require_memory(eight_nodes(), now), HasSubstr("(KSM), which saves 700 MiB now"));
}

}  // namespace
}  // namespace gridlock
