// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <filesystem>

#include "fuzz/desk_invariants.h"
#include "host/files.h"

namespace gridlock {
namespace {

TEST(DeskProtocol, HoldsItsInvariantsForEverySeedOfTheFuzzTarget) {
  const std::filesystem::path folder =
      std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/desk";
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename());
    check_desk(read_file(entry.path(), Bytes::mib(1)));
    ++seeds;
  }
  EXPECT_GE(seeds, 5);
}

}  // namespace
}  // namespace gridlock
