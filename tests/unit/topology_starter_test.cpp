// SPDX-License-Identifier: GPL-2.0-or-later
// What `gridlock init` writes: every combination of answers is a topology.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/golden.h"
#include "topology/keys.h"
#include "topology/starter.h"
#include "topology/topology.h"
#include "topology/words.h"

namespace gridlock {
namespace {

std::vector<std::string> words(const KeyTable& table, std::string_view key) {
  return split(std::ranges::find(table.keys, key, &Key::name)->words, ' ');
}

TEST(TopologyStarter, EveryCombinationOfAnswersIsATopology) {
  int combinations = 0;
  for (const StarterSource source :
       {StarterSource::package, StarterSource::dir, StarterSource::git})
    for (const std::vector<std::string>& patches :
         {std::vector<std::string>{},
          {"fix.patch"},
          {"../a b/0001-x.patch", "null", "-x", "quilt/"}})
      for (const int nodes : {1, 2, 3, 5, 7, 16})
        for (const std::string& filesystem : words(kFilesystemKeys, "type"))
          for (const std::string& transport : words(kDiskKeys, "transport")) {
            Starter starter;
            starter.name = "mine";
            starter.source = source;
            starter.from =
                source == StarterSource::package ? "linux-source-6.1" : "../my: tree # x";
            starter.ref = source == StarterSource::git ? "topic/fix" : "";
            starter.patches = patches;
            starter.nodes = nodes;
            starter.filesystem = filesystem;
            starter.transport = transport;
            const std::string text = starter_topology(starter);
            SCOPED_TRACE(text);
            Topology topology;
            ASSERT_NO_THROW(topology = read_topology(text, "/labs/mine.yaml"));
            EXPECT_EQ(topology.kernels.size(), patches.empty() ? 1u : 2u);
            EXPECT_EQ(topology.kernels.back().patches.size(), patches.size());
            EXPECT_EQ(topology.kernels.front().patches.size(), 0u);
            EXPECT_EQ(topology.kernels.front().source.dir,
                      source == StarterSource::dir ? "/my: tree # x" : "");
            EXPECT_EQ(topology.nodes.count, nodes);
            EXPECT_EQ(word_of(topology.filesystem.type), filesystem);
            EXPECT_EQ(word_of(topology.disks.at(0).transport), transport);
            ++combinations;
          }
  EXPECT_GE(combinations, 3 * 3 * 6);
}

TEST(TopologyStarter, CommitsOfTheRepositoryArePatchesToo) {
  Starter starter;
  starter.name = "mine";
  starter.source = StarterSource::git;
  starter.from = "linux";
  starter.patches = {"v6.6..my-fix"};
  const Topology topology = read_topology(starter_topology(starter), "/labs/mine.yaml");
  EXPECT_EQ(topology.kernels.at(1).patches.at(0).range, "v6.6..my-fix");
  EXPECT_EQ(topology.kernels.at(1).source.git, "/labs/linux");
}

TEST(TopologyStarter, SaysWhatEachKeyMeans) {
  Starter starter;
  starter.name = "my-fix";
  starter.patches = {"0001-my-fix.patch"};
  expect_golden(starter_topology(starter), "topology/starter.yaml");
}

}  // namespace
}  // namespace gridlock
