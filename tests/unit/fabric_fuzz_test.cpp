// SPDX-License-Identifier: GPL-2.0-or-later
// Replays what the fuzz target starts from and what it once found, with the same checks.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fabric_invariants.h"

namespace gridlock {
namespace {

TEST(FabricFuzz, ReplaysItsSeeds) {
  const auto folder = std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/fabric";
  std::size_t frames = 0;
  int bad = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    fuzz::Decoded decoded;
    EXPECT_NO_THROW(decoded = fuzz::check_stream(std::as_bytes(std::span(bytes))));
    frames += decoded.frames.size();
    bad += decoded.bad ? 1 : 0;
  }
  EXPECT_GE(frames, 120U);
  EXPECT_GE(bad, 2);
}

}  // namespace
}  // namespace gridlock
