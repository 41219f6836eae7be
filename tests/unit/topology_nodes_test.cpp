// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/topology.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NodesSpec nodes(const std::string& text) {
  return read_topology(
             "kernels: {new: {source: {dir: linux}}, old: {from: new}}\n"
             "workloads: {w: {program: mmap-dio}}\n" +
                 text,
             "/labs/lab.yaml")
      .nodes;
}

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(nodes(text));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

TEST(TopologyNodes, AreNumberedUnlessTheyHaveNames) {
  EXPECT_THAT(nodes("").names, ElementsAre("node1", "node2"));
  EXPECT_THAT(nodes("nodes: {count: 3}").names, ElementsAre("node1", "node2", "node3"));
  EXPECT_THAT(nodes("nodes: {names: [alpha, beta-2, C3]}").names,
              ElementsAre("alpha", "beta-2", "C3"));
}

TEST(TopologyNodes, AreAsManyAsTheyHaveNames) {
  EXPECT_EQ(nodes("nodes: {names: [a, b, c, d, e]}").count, 5);
  EXPECT_EQ(nodes("nodes: {names: alone}").count, 1);
  EXPECT_EQ(nodes("nodes: {names: [a, b], count: 2}").count, 2);
  EXPECT_THAT(complaint("nodes: {names: [a, b], count: 3}"),
              HasSubstr("lab.yaml:3:31: error: `count` is 3, and there are 2 names"));
}

TEST(TopologyNodes, MayDifferByName) {
  const NodesSpec spec = nodes(R"(
nodes:
  names: [a, b, c]
  memory: 512MiB
  overrides:
    b: {kernel: old, vcpus: 4}
    c: {memory: 1GiB}
)");
  ASSERT_EQ(spec.overrides.size(), 2u);
  EXPECT_EQ(spec.overrides.at("b").kernel, "old");
  EXPECT_EQ(spec.overrides.at("b").vcpus, 4);
  EXPECT_FALSE(spec.overrides.at("b").memory);
  EXPECT_EQ(spec.overrides.at("c").memory, Bytes::gib(1));
  EXPECT_EQ(spec.overrides.at("c").kernel, "");
}

TEST(TopologyNodes, WithoutNamesAreOverriddenByTheirUsualOnes) {
  EXPECT_EQ(nodes("nodes: {overrides: {node2: {vcpus: 2}}}").overrides.at("node2").vcpus, 2);
  EXPECT_THAT(complaint("nodes: {overrides: {node3: {vcpus: 2}}}"),
              HasSubstr("unknown node `node3`; did you mean"));
}

TEST(TopologyNodes, RunOnlyKernelsOfTheTopology) {
  EXPECT_THAT(complaint("nodes: {overrides: {node2: {kernel: odl}}}"),
              HasSubstr("unknown kernel `odl`; did you mean `old`?"));
}

TEST(TopologyNodes, HaveNamesThatAreHostNamesAndDiffer) {
  for (const char* const name : {"127", "0x7f", "a.b", "under_score", "dash-", "-dash", "\"\"",
                                 "localhost", "LOCALHOST", "'a b'", "ünode"})
    EXPECT_NE(complaint(std::string("nodes: {names: [") + name + "]}"), "") << name;
  EXPECT_THAT(complaint("nodes: {names: [one, ONE]}"), HasSubstr("another node is called `ONE`"));
  EXPECT_NE(complaint("nodes: {names: [" + std::string(42, 'a') + "]}"), "");
  EXPECT_EQ(complaint("nodes: {names: [" + std::string(41, 'a') + "]}"), "");
}

}  // namespace
}  // namespace gridlock
