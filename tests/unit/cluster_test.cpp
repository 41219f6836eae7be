// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "cluster/corosync_conf.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

TEST(CorosyncConf, ListsEveryNodeByAddressNameAndId) {
  const std::string conf = corosync_conf(sample_plan());
  EXPECT_EQ(count(conf, "  node {"), 2);
  EXPECT_NE(conf.find("ring0_addr: 10.77.0.2\n    name: node2\n    nodeid: 2\n"),
            std::string::npos)
      << conf;
  EXPECT_EQ(count(conf, "{"), count(conf, "}"));
}

TEST(CorosyncConf, TwoNodesGetTwoNodeQuorumAndThreeDoNot) {
  Plan plan = sample_plan();
  EXPECT_NE(corosync_conf(plan).find("two_node: 1"), std::string::npos);
  PlannedNode third = plan.nodes.back();
  third.id = NodeId{3};
  third.name = "node3";
  third.address = "10.77.0.3";
  plan.nodes.push_back(third);
  const std::string conf = corosync_conf(plan);
  EXPECT_EQ(conf.find("two_node"), std::string::npos);
  EXPECT_NE(conf.find("expected_votes: 3"), std::string::npos);
}

TEST(CorosyncConf, UsesTheTopologysTokenAndClusterName) {
  Plan plan = sample_plan();
  plan.cluster.token = Milliseconds{23'000};
  const std::string conf = corosync_conf(plan);
  EXPECT_NE(conf.find("token: 23000\n"), std::string::npos);
  EXPECT_NE(conf.find("cluster_name: sample\n"), std::string::npos);
}

}  // namespace
}  // namespace gridlock
