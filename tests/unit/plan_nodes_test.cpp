// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/plan.h"
#include "plan/plan_text.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

HostFacts host(Bytes memory = Bytes::gib(8)) {
  HostFacts facts;
  facts.memory = memory;
  facts.fragments = "/gridlock/images/kernels";
  facts.files_in = [](const std::filesystem::path&) {
    return std::vector<std::string>{"base.config", "cluster.config", "debug.config"};
  };
  return facts;
}

Plan plan(const std::string& nodes, const PlanOptions& options = {},
          const HostFacts& facts = host()) {
  return make_plan(
      read_topology("kernels: {new: {source: {package: linux-source-6.1}}, old: {from: new}}\n"
                    "workloads: {w: {program: mmap-dio}}\n" +
                        nodes,
                    "/labs/lab.yaml"),
      options, facts);
}

const std::string kMixed =
    "nodes: {names: [a, b, c], memory: 512MiB, overrides: {b: {kernel: old, vcpus: 2}, c: {memory: "
    "1GiB}}}";

TEST(PlanNodes, HaveTheirNamesAndWhatTheyDifferIn) {
  const Plan made = plan(kMixed);
  ASSERT_EQ(made.nodes.size(), 3u);
  EXPECT_EQ(made.node(NodeId{2}).name, "b");
  EXPECT_EQ(made.nodes[1].runs("new"), "old");
  EXPECT_EQ(made.nodes[0].runs("new"), "new");
  EXPECT_EQ(made.nodes[1].vcpus, 2);
  EXPECT_EQ(made.nodes[2].memory, Bytes::gib(1));
  EXPECT_EQ(made.nodes[2].id.number, 3) << "names do not change ids";
}

TEST(PlanNodes, MakeTrialsOfOtherKernelsMixed) {
  const Plan made = plan(kMixed);
  EXPECT_TRUE(made.is_mixed("new"));
  EXPECT_FALSE(plan("").is_mixed("new"));
  EXPECT_FALSE(
      plan("nodes: {overrides: {node1: {kernel: old}, node2: {kernel: old}}}").is_mixed("old"));
}

TEST(PlanNodes, HaveTheirKernelBuiltWhenItIsNotTested) {
  PlanOptions options;
  options.kernels = {"new"};
  const Plan made = plan(kMixed, options);
  ASSERT_EQ(made.kernels.size(), 2u);
  EXPECT_EQ(made.kernels[1].name, "old");
  EXPECT_FALSE(made.kernels[1].tested);
  EXPECT_TRUE(std::ranges::all_of(made.trials,
                                  [](const PlannedTrial& trial) { return trial.kernel == "new"; }));
  EXPECT_EQ(plan("", options).kernels.size(), 1u);
}

TEST(PlanNodes, MustFitTheHostTogether) {
  // 2 × 512 MiB and 1 GiB, and 256 MiB for each QEMU.
  EXPECT_EQ(lab_memory(plan(kMixed).nodes), Bytes::mib(2816));
  EXPECT_NO_THROW(plan(kMixed, {}, host(Bytes::mib(2816))));
  try {
    plan(kMixed, {}, host(Bytes::mib(2560)));
    FAIL() << "was accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "3 nodes (a of 512 MiB, b of 512 MiB, c of 1 GiB) do not fit this host: with 256 "
                 "MiB for each QEMU they need 2.8 GiB, and it has 2.5 GiB");
  }
}

TEST(PlanNodes, DifferInTheHashOnlyIfTheyDiffer) {
  const std::string alike = plan_hash(plan(""));
  EXPECT_EQ(plan_hash(plan("nodes: {names: [node1, node2]}")), alike);
  EXPECT_NE(plan_hash(plan("nodes: {overrides: {node2: {kernel: old}}}")), alike);
}

TEST(PlanNodes, AreShownWithWhatTheyDifferIn) {
  const std::string mixed = plan_text(plan(kMixed));
  EXPECT_THAT(mixed, HasSubstr("3 nodes, 2.8 GiB with QEMU's own"));
  EXPECT_THAT(mixed, HasSubstr("b       10.77.0.2   52:54:00:67:6c:02  2 processors and 512 MiB  "
                               "kernel old\n"));
  EXPECT_THAT(plan_text(plan("")), Not(HasSubstr("kernel old\n")));
  const Json node = to_json(plan(kMixed)).at("nodes").at(1);
  EXPECT_EQ(node.at("kernel"), "old");
  EXPECT_EQ(node.at("name"), "b");
}

}  // namespace
}  // namespace gridlock
