// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/topology.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Topology read(const std::string& kernels) {
  return read_topology("kernels:\n" + kernels + "workloads: {w: {program: mmap-dio}}\n",
                       "/labs/small.yaml");
}

/// "-" before what is taken back, "=" before a range.
std::vector<std::string> patches(const KernelSpec& kernel) {
  std::vector<std::string> all;
  for (const PatchSpec& patch : kernel.patches)
    all.push_back((patch.revert ? "-" : "") +
                  (patch.range.empty() ? patch.path.string() : "=" + patch.range));
  return all;
}

TEST(TopologyKernels, AGitSourceIsAtItsHeadUnlessSaid) {
  const Topology topology =
      read("  a: {source: {git: ../linux/}}\n  b: {source: {git: /src/linux, ref: worktree}}\n");
  EXPECT_EQ(topology.kernels[0].source.git, "/linux");
  EXPECT_EQ(topology.kernels[0].source.ref, "HEAD");
  EXPECT_EQ(topology.kernels[1].source.git, "/src/linux");
  EXPECT_EQ(topology.kernels[1].source.ref, "worktree");
}

TEST(TopologyKernels, APrebuiltKernelHasNoConfig) {
  const Topology topology = read(
      "  a: {source: {prebuilt: {package: linux-image-amd64}}}\n"
      "  b: {source: {prebuilt: {image: bzImage, modules: lib/modules/6.1.0/}}}\n");
  EXPECT_EQ(topology.kernels[0].source.prebuilt->package, "linux-image-amd64");
  EXPECT_THAT(topology.kernels[0].config, IsEmpty());
  EXPECT_EQ(topology.kernels[1].source.prebuilt->image, "/labs/bzImage");
  EXPECT_EQ(topology.kernels[1].source.prebuilt->modules, "/labs/lib/modules/6.1.0");
}

TEST(TopologyKernels, RangesAreToldFromPaths) {
  const Topology topology = read(
      "  a:\n    source: {git: linux}\n"
      "    patches: [v6.1..topic/fix, ../a.patch, b/../c.patch, ./d..e, series/, f.mbox]\n");
  EXPECT_THAT(patches(topology.kernels[0]),
              ElementsAre("=v6.1..topic/fix", "/a.patch", "/labs/c.patch", "/labs/d..e",
                          "/labs/series", "/labs/f.mbox"));
}

TEST(TopologyKernels, WhatIsTakenBackGoesFirstAndTheLastOfItBeforeTheOthers) {
  const Topology topology = read(
      "  a: {source: {git: linux}, patches: [one.patch]}\n"
      "  b: {from: a, revert: [x.mbox, v1..v2], patches: two.patch}\n");
  EXPECT_THAT(patches(topology.kernels[1]),
              ElementsAre("/labs/one.patch", "-=v1..v2", "-/labs/x.mbox", "/labs/two.patch"));
}

}  // namespace
}  // namespace gridlock
