// SPDX-License-Identifier: GPL-2.0-or-later
// What joins the nodes and what is on the disk: defaults, and what goes with what. What is refused
// is in testdata/topology/bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/topology.h"
#include "topology/words.h"

namespace gridlock {
namespace {

using testing::ElementsAre;

Topology read(const std::string& text) {
  return read_topology(
      "kernels:\n  k: {source: {dir: linux}}\nworkloads:\n  w: {program: mmap-dio}\n" + text,
      "lab.yaml");
}

TEST(TopologyFilesystem, TheStackIsTheOneThatGoesWithTheFilesystem) {
  EXPECT_EQ(read("").cluster.stack, ClusterStack::corosync);
  EXPECT_EQ(read("filesystem: {type: gfs2}").cluster.stack, ClusterStack::corosync);
  EXPECT_EQ(read("filesystem: {type: ocfs2}").cluster.stack, ClusterStack::o2cb);
  EXPECT_EQ(read("filesystem: {type: ocfs2}\ncluster: {stack: corosync}").cluster.stack,
            ClusterStack::corosync);
}

TEST(TopologyFilesystem, OneNodeMayMountEitherLocally) {
  for (const char* const type : {"gfs2", "ocfs2"}) {
    const Topology topology =
        read("nodes: {count: 1}\ncluster: {stack: none}\nfilesystem: {type: " + std::string(type) +
             "}\n");
    EXPECT_EQ(topology.cluster.stack, ClusterStack::none);
    EXPECT_EQ(word_of(topology.filesystem.type), type);
  }
}

TEST(TopologyFilesystem, ATokenOfTenSecondsGivesTheKernelsOwnTimesOfO2cb) {
  const O2cbTimes times = read("filesystem: {type: ocfs2}").cluster.o2cb;
  EXPECT_EQ(times.dead_threshold, 31);  // O2HB_DEFAULT_DEAD_THRESHOLD
  EXPECT_EQ(times.idle_timeout, Milliseconds{30'000});
  EXPECT_EQ(times.keepalive_delay, Milliseconds{2'000});
  EXPECT_EQ(times.reconnect_delay, Milliseconds{2'000});
}

TEST(TopologyFilesystem, O2cbsTimesGrowWithTheTokenAndCanBeWritten) {
  const O2cbTimes slow = read("filesystem: {type: ocfs2}\ncluster: {token: 1m}").cluster.o2cb;
  EXPECT_EQ(slow.dead_threshold, 181);  // 360 s
  EXPECT_EQ(slow.idle_timeout, Milliseconds{180'000});
  const O2cbTimes shortest = read("filesystem: {type: ocfs2}\ncluster: {token: 1s}").cluster.o2cb;
  EXPECT_EQ(shortest.dead_threshold, 4);
  EXPECT_LT(shortest.keepalive_delay, shortest.idle_timeout);
  const O2cbTimes own =
      read(
          "filesystem: {type: ocfs2}\ncluster: {token: 1m, o2cb: {dead_threshold: 7, "
          "reconnect_delay: 500ms}}")
          .cluster.o2cb;
  EXPECT_EQ(own.dead_threshold, 7);
  EXPECT_EQ(own.reconnect_delay, Milliseconds{500});
  EXPECT_EQ(own.idle_timeout, Milliseconds{180'000}) << "what is not written comes from the token";
}

TEST(TopologyFilesystem, OptionsAreKeptAsWritten) {
  const FilesystemOptions options =
      read("filesystem: {options: {mkfs: [-b, 4096, -r, 64], mount: 'errors=panic,quota=off'}}")
          .filesystem.options;
  EXPECT_THAT(options.mkfs, ElementsAre("-b", "4096", "-r", "64"));
  EXPECT_EQ(options.mount, "errors=panic,quota=off");
}

TEST(TopologyFilesystem, LockPingHasLocksOfAllNodesWithOcfs2OnCorosync) {
  EXPECT_NO_THROW(
      read("  p: {program: lock-ping}\nfilesystem: {type: ocfs2}\ncluster: {stack: corosync}"));
}

}  // namespace
}  // namespace gridlock
