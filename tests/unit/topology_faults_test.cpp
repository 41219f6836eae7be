// SPDX-License-Identifier: GPL-2.0-or-later
// What a topology may do to its nodes on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/failure_time.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A topology of three nodes whose one trial has these faults, on line 6.
Topology topology(const std::string& faults, const std::string& more = "nodes: {count: 3}",
                  const std::string& hung_task = "1m") {
  return read_topology(
      "kernels: {new: {source: {dir: linux}}}\n"
      "workloads: {a: {program: mmap-dio, duration: 20s}, b: {program: mmap-dio, duration: 10s}}\n"
      "watch: {hung_task: " +
          hung_task + "}\n" + more + "\ntrials:\n  - {workloads: [a, b], faults: " + faults + "}\n",
      "/labs/lab.yaml");
}

std::string complaint(const std::string& faults, const std::string& more = "nodes: {count: 3}",
                      const std::string& hung_task = "1m") {
  try {
    static_cast<void>(topology(faults, more, hung_task));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

TEST(TopologyFaults, AreReadInTheOrderOfTheirTimes) {
  const auto faults = topology(
                          "[{at: 25s, kill: node2}, {at: 500ms, pause: node1, for: 4s}, "
                          "{at: 3s, cut: node3, for: 5s}]")
                          .trials.front()
                          .faults;
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].kind, FaultKind::pause);
  EXPECT_EQ(faults[0].node, "node1");
  EXPECT_EQ(faults[0].at, 500ms);
  EXPECT_EQ(faults[0].lasts, 4s);
  EXPECT_EQ(faults[1].kind, FaultKind::cut);
  EXPECT_EQ(faults[2].kind, FaultKind::kill);
  EXPECT_EQ(faults[2].lasts, 0s);
  EXPECT_TRUE(topology("[]").trials.front().faults.empty());
}

TEST(TopologyFaults, AreOfANodeThatIsThere) {
  EXPECT_THAT(complaint("[{at: 1s, kill: nod2}]"),
              HasSubstr("lab.yaml:6:49: error: unknown node `nod2`; did you mean `node2`?"));
}

TEST(TopologyFaults, AreOneThingEachAtATime) {
  EXPECT_THAT(complaint("[{kill: node1}]"), HasSubstr("a fault needs `at`: when"));
  EXPECT_THAT(complaint("[{at: 1s}]"),
              HasSubstr("a fault needs one of `kill`, `pause` and `cut`, with the name of a node"));
  EXPECT_THAT(complaint("[{at: 1s, kill: node1, cut: node2, for: 1s}]"),
              HasSubstr("a fault is one thing: `kill` or `cut`, not both"));
  EXPECT_THAT(complaint("[{at: 1s, pause: node1}]"), HasSubstr("`pause` needs `for`"));
  EXPECT_THAT(complaint("[{at: 1s, kill: node1, for: 1s}]"),
              HasSubstr("`for` goes with `pause` and `cut`"));
  EXPECT_THAT(complaint("[kill]"), HasSubstr("a fault is a mapping"));
  EXPECT_THAT(complaint("{at: 1s, kill: node1}"), HasSubstr("`faults` must be a list of faults"));
}

TEST(TopologyFaults, ComeAndEndWhileTheWorkGoesOn) {
  EXPECT_EQ(complaint("[{at: 29s, kill: node1}]"), "");
  EXPECT_THAT(complaint("[{at: 30s, kill: node1}]"),
              HasSubstr("`at` must be before the work ends, after 30s, not 30s"));
  EXPECT_THAT(complaint("[{at: 28s, cut: node1, for: 3s}]"),
              HasSubstr("this would end 3s after it began, and the work ends 2s after that"));
}

TEST(TopologyFaults, ThatPassLastHalfOfWhatTheClusterTakesToGiveANodeUpAtTheMost) {
  EXPECT_EQ(complaint("[{at: 1s, pause: node1, for: 5s}]"), "");
  EXPECT_THAT(complaint("[{at: 1s, pause: node1, for: 6s}]"),
              HasSubstr("lab.yaml:6:62: error: `for` must be at most 5s, half of what the cluster "
                        "takes to give a node up (10s), not 6s: nothing fences"));
  EXPECT_THAT(complaint("[{at: 1s, cut: node1, for: 2s}]", "cluster: {token: 3s}"),
              HasSubstr("`for` must be at most 1.5s"));
}

TEST(TopologyFaults, LeaveANodeThatGoesOn) {
  EXPECT_THAT(complaint("[{at: 1s, kill: node1}]", "nodes: {count: 1}"),
              HasSubstr("a lab of one node has no other that could go on"));
  EXPECT_THAT(complaint("[{at: 1s, kill: node1}, {at: 2s, kill: node2}]", "nodes: {count: 2}"),
              HasSubstr("this kills the last node"));
  EXPECT_THAT(complaint("[{at: 1s, kill: node1}, {at: 2s, cut: node1, for: 1s}]"),
              HasSubstr("node1 is killed before, at 1s"));
  EXPECT_THAT(complaint("[{at: 1s, pause: node1, for: 3s}, {at: 2s, cut: node1, for: 1s}]"),
              HasSubstr("node1 is paused or cut off until 4s"));
}

TEST(TopologyFaults, AreNoHangsToTheKernelsOfTheOthers) {
  EXPECT_THAT(complaint("[{at: 1s, kill: node1}]", "nodes: {count: 2}", "20s"),
              HasSubstr("the other nodes may wait 32s for this one, and their kernels report what "
                        "is blocked for 20s: let `watch.hung_task` be longer"));
  EXPECT_EQ(complaint("[{at: 1s, kill: node1}]", "nodes: {count: 2}", "32s"), "");
  EXPECT_THAT(complaint("[{at: 1s, cut: node1, for: 5s}]", "nodes: {count: 2}", "9s"),
              HasSubstr("may wait 10s for this one"));
}

TEST(FailureTimes, AreThoseOfTheStack) {
  ClusterSpec cluster;
  cluster.token = 10s;
  EXPECT_EQ(noticed_after(cluster), 10s);
  EXPECT_EQ(given_up_after(cluster, 2), 27s);
  EXPECT_EQ(given_up_after(cluster, 4), 11'300ms * 11 / 5 + 5s);
  cluster.stack = ClusterStack::o2cb;
  EXPECT_EQ(noticed_after(cluster), 30s);
  EXPECT_EQ(given_up_after(cluster, 2), 62s);
  cluster.stack = ClusterStack::none;
  EXPECT_EQ(given_up_after(cluster, 2), 0s);
}

}  // namespace
}  // namespace gridlock
