// SPDX-License-Identifier: GPL-2.0-or-later
// Workloads of every kind on a real cluster, in labs that they share: what they count, what they
// find, and that a fault done on purpose is found and costs the next trial its lab's past.
#include <gmock/gmock.h>

#include "host/files.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr const char* kTopology = R"yaml(
name: workloads-test
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
    expect: {spoilt: fail}
start: formed
lab: shared
disks:
  shared: {size: 1GiB}
filesystem: {journal: 8MiB}
workloads:
  coherency: {program: mmap-dio, operation: write, buffer: anonymous, observe: [buffered, direct, mapped],
              transfer: 64KiB, duration: 4s}
  locks:     {program: lock-ping, data: file, duration: 4s}
  spoilt:    {program: mmap-dio, buffer: own-file, transfer: 64KiB, inject: flipped-bit, duration: 4s}
  script:
    program: exec
    files: {/opt/test.sh: test.sh}
    command: [sh, /opt/test.sh, "{node}", "{dir}"]
    verify: [sh, -c, "busybox grep -q 'node1 was here' {dir}/node1"]
    duration: 30s
  reclaimed: {program: mmap-dio, eviction: cgroup, buffer: next-node, transfer: 64KiB, duration: 3s}
watch:
  stall: 15s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

/// Node 1 writes, and only behind a barrier does node 2 look.
constexpr const char* kScript = R"sh(
if [ "$1" = 1 ]; then echo "node1 was here" > "$2/node1"; fi
gridlock-barrier written || exit 1
busybox grep -q "node1 was here" "$2/node1" || exit 7
echo "an ordinary line of node$1"
echo 'gridlock {"result":{"operations":1}}'
)sh";

/// Every test's run; the framework ends it.
RealRun& workloads() {
  static auto* const run =
      new RealRun("workloads-test", {{"workloads.yaml", kTopology}, {"test.sh", kScript}},
                  {"run", "workloads.yaml"}, std::chrono::minutes(25));
  return *run;
}

const WorkloadRecord& workload_of(const std::string& trial) {
  return workloads().trial(trial).workloads.at(0);
}

TEST(WorkloadsTest, EveryTrialDidAsExpected) {
  EXPECT_EQ(workloads().result().value, 0) << workloads().result().errors;
  ASSERT_EQ(workloads().run().trials.size(), 5u);
  for (const TrialRecord& trial : workloads().run().trials)
    EXPECT_TRUE(trial.expected) << trial.name << ": " << trial.reason;
}

TEST(WorkloadsTest, TrialsShareALabUntilOneFails) {
  EXPECT_EQ(workloads().trial("coherency").lab_of, 0);
  EXPECT_EQ(workloads().trial("locks").lab_of, 1);
  EXPECT_EQ(workloads().trial("spoilt").lab_of, 1);
  EXPECT_EQ(workloads().trial("script").lab_of, 0) << "after a failure the lab is a fresh one";
  EXPECT_EQ(workloads().trial("reclaimed").lab_of, 4);
}

TEST(WorkloadsTest, FiguresAreOfTheSteadyWindowOfBothNodes) {
  for (const char* const name : {"coherency", "locks"}) {
    const WorkloadRecord& workload = workload_of(name);
    ASSERT_TRUE(workload.total.steady) << name << ": " << workload.not_steady;
    EXPECT_GT(workload.total.steady->operations_per_second, 0) << name;
    ASSERT_TRUE(workload.total.steady->latency) << name;
    EXPECT_LE(workload.total.steady->latency->p50_us, workload.total.steady->latency->max_us);
    double nodes = 0;
    for (const auto& [node, counters] : workload.nodes) {
      ASSERT_TRUE(counters.steady) << name << " on " << node;
      nodes += counters.steady->operations_per_second;
    }
    EXPECT_NEAR(nodes, workload.total.steady->operations_per_second, 0.01) << name;
    EXPECT_GT(workload.steady_end, workload.steady_begin);
  }
}

TEST(WorkloadsTest, EachNodeWatchedTheOthersBlocksInEveryWay) {
  for (const auto& [node, counters] : workload_of("coherency").nodes)
    for (const char* const observer : {"observe.buffered", "observe.direct", "observe.mapped"}) {
      ASSERT_TRUE(counters.workers.contains(observer)) << node;
      EXPECT_GT(counters.workers.at(observer), 0u) << observer << " on " << node;
    }
}

TEST(WorkloadsTest, AFaultDoneOnPurposeIsFoundWithItsPlaceAndBytes) {
  const TrialRecord& trial = workloads().trial("spoilt");
  ASSERT_EQ(trial.outcome, Outcome::failed);
  ASSERT_FALSE(trial.findings.empty());
  const FindingRecord& finding = trial.findings.front();
  EXPECT_EQ(finding.kind, "bad_data");
  EXPECT_EQ(finding.nodes.size(), 2u);
  for (const char* const part :
       {".map at ", "torn or overwritten from byte 200", "expected ", "found ", "read by node"})
    EXPECT_THAT(finding.excerpt, HasSubstr(part));
}

TEST(WorkloadsTest, AProgramOfOnesOwnRunsMeetsAtABarrierAndItsOutputIsKept) {
  EXPECT_EQ(workload_of("script").total.operations, 2u);
  EXPECT_THAT(read_file(workloads().directory() / workloads().trial("script").directory /
                            "nodes/node2/script.log",
                        Bytes::mib(1)),
              HasSubstr("an ordinary line of node2"));
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  testing::AddGlobalTestEnvironment(&gridlock::workloads());
  return RUN_ALL_TESTS();
}
