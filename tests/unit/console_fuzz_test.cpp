// SPDX-License-Identifier: GPL-2.0-or-later
// Replays what the fuzz target starts from and what it once found, with the same checks, and
// random damage to the real consoles.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "fuzz/console_invariants.h"
#include "support/console_text.h"

namespace gridlock {
namespace {

TEST(ConsoleFuzz, EverySeedHoldsTheInvariants) {
  int seeds = 0;
  std::size_t findings = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(GRIDLOCK_SOURCE_DIR "/tests/testdata/fuzz/console")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    ++seeds;
    EXPECT_NO_THROW(findings += fuzz::check_console_bytes(bytes.str())) << entry.path();
  }
  EXPECT_GE(seeds, 10);
  EXPECT_GE(findings, 10u);
}

TEST(ConsoleFuzz, TheRealConsolesHoldTheInvariants) {
  for (const char* const name : {"abba-unpatched-node1", "self-unpatched-node1",
                                 "self-unpatched-node2", "leave-patched-node2"}) {
    std::size_t findings = 0;
    EXPECT_NO_THROW(findings = fuzz::check_console_bytes(console::real_console(name))) << name;
    EXPECT_GE(findings, 1u);
  }
}

TEST(ConsoleFuzz, DamagedConsolesHoldTheInvariants) {
  const std::string console = console::real_console("self-unpatched-node1");
  ASSERT_FALSE(console.empty());
  std::mt19937 random(1);  // NOLINT: the same damage every time
  std::size_t findings = 0;
  for (int round = 0; round < 60; ++round) {
    std::string damaged = console;
    for (int i = 0; i < 60; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    for (int i = 0; i < 10; ++i) {
      const std::size_t at = random() % damaged.size();
      damaged.erase(at, random() % 120);
      damaged.insert(random() % damaged.size(), console.substr(random() % console.size(), 200));
    }
    EXPECT_NO_THROW(findings += fuzz::check_console_bytes(damaged)) << "round " << round;
  }
  EXPECT_GT(findings, 60u);
}

}  // namespace
}  // namespace gridlock
