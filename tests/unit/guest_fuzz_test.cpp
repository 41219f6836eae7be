// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/agent_invariants.h"

namespace gridlock {
namespace {

TEST(AgentProtocol, HoldsItsInvariantsForEverySeedOfTheFuzzTarget) {
  const std::filesystem::path folder =
      std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/agent";
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().filename());
    check_agent_protocol(bytes);
    ++seeds;
  }
  EXPECT_GE(seeds, 5);
}

}  // namespace
}  // namespace gridlock
