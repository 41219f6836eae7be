// SPDX-License-Identifier: GPL-2.0-or-later
// Replays what the fuzz target starts from, with the same checks, whole and cut anywhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/diagnosis_invariants.h"

namespace gridlock {
namespace {

TEST(DiagnosisFuzz, ReplaysItsSeedsWholeAndCutAnywhere) {
  const auto folder = std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/diagnosis";
  std::size_t waits = 0;
  std::size_t seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ++seeds;
    EXPECT_NO_THROW(waits += fuzz::check_diagnosis(bytes));
    for (std::size_t length = 0; length < bytes.size(); length += 53)
      EXPECT_NO_THROW(fuzz::check_diagnosis(bytes.substr(0, length))) << length;
  }
  EXPECT_GE(seeds, 6u);
  EXPECT_GE(waits, 8u);
}

}  // namespace
}  // namespace gridlock
