// SPDX-License-Identifier: GPL-2.0-or-later
// `defaults`: what every entry of a kind has that does not say it itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/topology.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Topology read(const std::string& text) { return read_topology(text, "/labs/lab.yaml"); }

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(read(text));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

const std::string kKernel = "kernels: {k: {source: {dir: /src/linux}}}\n";

TEST(TopologyDefaults, HoldForWorkloadsWhoseProgramHasTheKey) {
  const Topology topology = read(kKernel + R"(
defaults: {workload: {duration: 30s, processes: 2, operation: write}}
workloads:
  a: {program: mmap-dio}
  b: {program: mmap-dio, processes: 3, duration: 5s}
  c: {program: fio, jobs: {rw: read, size: 1M}}
  d: {program: lock-ping}
  e: {program: fio, jobs: {rw: read, size: 1M, runtime: 7}}
)");
  EXPECT_EQ(topology.workloads[0].mmap_dio->processes, 2);
  EXPECT_EQ(topology.workloads[0].mmap_dio->operation, MmapDioSpec::Operation::write);
  EXPECT_EQ(topology.workloads[0].duration, Milliseconds{30'000});
  EXPECT_EQ(topology.workloads[1].mmap_dio->processes, 3);
  EXPECT_EQ(topology.workloads[1].duration, Milliseconds{5'000});
  EXPECT_EQ(topology.workloads[2].duration, Milliseconds{30'000});
  EXPECT_EQ(topology.workloads[3].lock_ping->processes, 2);
  EXPECT_EQ(topology.workloads[4].duration, Milliseconds{7'000});
}

TEST(TopologyDefaults, MayNameTheProgramAndReachIntoMappings) {
  const Topology topology = read(kKernel + R"(
defaults: {workload: {program: fio, jobs: {direct: 1, size: 8M}}}
workloads:
  a: {jobs: {rw: read}}
  b: {jobs: {rw: write, size: 1M}}
  c: {program: mmap-dio}
)");
  EXPECT_THAT(topology.workloads[0].fio->jobs,
              ElementsAre(Pair("direct", "1"), Pair("size", "8M"), Pair("rw", "read")));
  EXPECT_THAT(topology.workloads[1].fio->jobs,
              ElementsAre(Pair("direct", "1"), Pair("size", "1M"), Pair("rw", "write")));
  EXPECT_TRUE(topology.workloads[2].mmap_dio);
}

TEST(TopologyDefaults, OfKernelsSpareWhatTakesItElsewhere) {
  const Topology topology = read(R"(
defaults: {kernel: {source: {git: linux}, config: [base, cluster], patches: [a.patch]}}
kernels:
  one: {source: {ref: v6.1}}
  two: {source: {package: linux-source-6.1}}
  three: {from: one, patches: [b.patch]}
  four: {source: {prebuilt: {package: linux-image-amd64}}}
workloads: {a: {program: mmap-dio}}
)");
  EXPECT_EQ(topology.kernels[0].source.git, "/labs/linux");
  EXPECT_EQ(topology.kernels[0].source.ref, "v6.1");
  EXPECT_EQ(topology.kernels[1].source.package, "linux-source-6.1");
  EXPECT_EQ(topology.kernels[1].source.git, "");
  EXPECT_THAT(topology.kernels[1].config, ElementsAre("base", "cluster"));
  EXPECT_EQ(topology.kernels[1].patches.size(), 1u);
  EXPECT_EQ(topology.kernels[2].source.ref, "v6.1");
  EXPECT_EQ(topology.kernels[2].patches.size(), 2u);
  EXPECT_TRUE(topology.kernels[3].source.prebuilt);
}

TEST(TopologyDefaults, OfTrialsReachThoseThatAreListsAndThoseThatAreNotWritten) {
  const std::string head = kKernel + "defaults: {trial: {lab: shared, start: formed}}\n" +
                           "workloads: {a: {program: mmap-dio}, b: {program: mmap-dio}}\n";
  const Topology written = read(head + "trials: [[a], {workloads: [b], lab: fresh}]\n");
  EXPECT_EQ(written.trials[0].lab, LabUse::shared);
  EXPECT_EQ(written.trials[0].start, Start::formed);
  EXPECT_EQ(written.trials[1].lab, LabUse::fresh);
  const Topology implied = read(head);
  ASSERT_EQ(implied.trials.size(), 2u);
  EXPECT_EQ(implied.trials[1].name, "b");
  EXPECT_EQ(implied.trials[1].lab, LabUse::shared);
}

TEST(TopologyDefaults, OfDisksReachTheOneThatIsNotWritten) {
  const std::string head =
      kKernel + "defaults: {disk: {size: 1GiB}}\nworkloads: {a: {program: mmap-dio}}\n";
  EXPECT_EQ(read(head).disks.at(0).size, Bytes::gib(1));
  EXPECT_EQ(read(head).disks.at(0).name, "shared");
  EXPECT_EQ(read(head + "disks: {big: {size: 4GiB}}\n").disks.at(0).size, Bytes::gib(4));
  EXPECT_EQ(read(head + "disks: {big: }\n").disks.at(0).size, Bytes::gib(1));
}

TEST(TopologyDefaults, AMistakeInThemIsShownOnceAndWhereItStands) {
  const std::string workloads =
      "workloads: {a: {program: mmap-dio}, b: {program: mmap-dio}, c: {program: exec, command: "
      "x}}\n";
  EXPECT_EQ(
      complaint(kKernel + "defaults: {workload: {processes: 99}}\n" + workloads),
      "/labs/lab.yaml:2:34: error: `processes` must be a whole number from 1 to 16, not `99`\n"
      "  defaults: {workload: {processes: 99}}\n"
      "                                   ^\n");
  EXPECT_EQ(
      complaint(kKernel + "defaults: {workload: {proceses: 2}, disc: {size: 1GiB}}\n" + workloads),
      "/labs/lab.yaml:2:23: error: unknown key `proceses` in defaults of a workload; did you mean "
      "`processes`?\n"
      "  defaults: {workload: {proceses: 2}, disc: {size: 1GiB}}\n"
      "                        ^\n"
      "/labs/lab.yaml:2:37: error: unknown key `disc` in the defaults; did you mean `disk`?\n"
      "  defaults: {workload: {proceses: 2}, disc: {size: 1GiB}}\n"
      "                                      ^\n");
  // Also where no entry could have it.
  EXPECT_THAT(complaint(kKernel + "defaults: {workload: {locks: many}}\n" + workloads),
              HasSubstr("`locks` must be a whole number"));
  EXPECT_THAT(complaint(kKernel + "defaults: {trial: 3}\n" + workloads),
              HasSubstr("the defaults of a trial must be a mapping"));
  EXPECT_THAT(complaint(kKernel + "defaults: [1]\n" + workloads),
              HasSubstr("the defaults must be a mapping, not a list"));
}

TEST(TopologyDefaults, AreBoundedInWhatTheyComeTo) {
  std::string text = kKernel + "defaults: {workload: {command: [x";
  for (int i = 0; i < 5'000; ++i) text += ",x";
  text += "]}}\nworkloads:\n";
  for (int i = 0; i < 1'000; ++i) text += "  w" + std::to_string(i) + ": {program: exec}\n";
  EXPECT_THAT(complaint(text), HasSubstr("1000 times these defaults are too much"));
}

}  // namespace
}  // namespace gridlock
