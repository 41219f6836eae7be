// SPDX-License-Identifier: GPL-2.0-or-later
// Replays what the fuzz target starts from and what it once found, with the same checks.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "fuzz/topology_invariants.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

TEST(TopologyFuzz, ReplaysItsSeedsAndTheBadTopologies) {
  std::map<TopologyEnd, int> ends;
  for (const char* const folder : {"fuzz/topology", "topology/bad"}) {
    for (const auto& entry :
         fs::directory_iterator(fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / folder)) {
      if (entry.path().extension() == ".txt") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      SCOPED_TRACE(entry.path().string());
      EXPECT_NO_THROW(++ends[check_topology_bytes(bytes)]);
      // Cut anywhere, it must still end well.
      for (std::size_t part = 1; part < 8; ++part)
        EXPECT_NO_THROW(
            check_topology_bytes(std::string_view(bytes).substr(0, bytes.size() * part / 8)));
    }
  }
  EXPECT_GE(ends[TopologyEnd::planned], 2);
  EXPECT_GE(ends[TopologyEnd::impossible], 1);
  EXPECT_GE(ends[TopologyEnd::malformed], 40);
}

}  // namespace
}  // namespace gridlock
