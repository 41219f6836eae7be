// SPDX-License-Identifier: GPL-2.0-or-later
// Replays what the fuzz target starts from, with the same checks.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/kernel_counters_invariants.h"
#include "fuzz/oracles_invariants.h"

namespace gridlock {
namespace {

TEST(KernelCountersFuzz, ReplaysItsSeedsWholeAndCutAnywhere) {
  const auto folder =
      std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/kernel_counters";
  std::size_t understood = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_NO_THROW(understood += fuzz::check_kernel_counters(bytes));
    for (std::size_t length = 0; length < bytes.size(); length += 13)
      EXPECT_NO_THROW(fuzz::check_kernel_counters(bytes.substr(0, length))) << length;
  }
  EXPECT_GE(understood, 12U);
}

TEST(OraclesFuzz, ReplaysItsSeedsWholeAndCutAnywhere) {
  const auto folder = std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/oracles";
  std::size_t understood = 0;
  std::size_t states = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_NO_THROW(understood += fuzz::check_lockdep_stats(bytes));
    EXPECT_NO_THROW(states += fuzz::check_ocfs2_states(bytes));
    for (std::size_t length = 0; length < bytes.size(); length += 13) {
      EXPECT_NO_THROW(fuzz::check_lockdep_stats(bytes.substr(0, length))) << length;
      EXPECT_NO_THROW(fuzz::check_ocfs2_states(bytes.substr(0, length))) << length;
    }
  }
  EXPECT_GE(understood, 2 * 6U);
  EXPECT_GE(states, 2U);
}

}  // namespace
}  // namespace gridlock
