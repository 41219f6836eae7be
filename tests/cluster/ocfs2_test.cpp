// SPDX-License-Identifier: GPL-2.0-or-later
// OCFS2 on two real nodes: with o2cb workloads, what the kernels tell of their cluster, and a deadlock
// that is made on purpose; with corosync the same blocks through the kernel's DLM; and both file
// systems mounted locally on one node.
#include <gmock/gmock.h>

#include "host/files.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKernel = R"yaml(
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
    expect: {flocks: fail}
)yaml";

constexpr const char* kShared = R"yaml(
name: ocfs2-test
disks:
  shared: {size: 512MiB}
cluster: {token: 12s}
filesystem: {type: ocfs2, journal: 8MiB, options: {mkfs: [-C, 8K], mount: commit=7}}
workloads:
  coherency: {program: mmap-dio, operation: write, buffer: anonymous, observe: [buffered, direct, mapped],
              transfer: 64KiB, duration: 4s}
  stream:    {program: fio, jobs: {rw: rw, bs: 64k, direct: 1, size: 8M}, duration: 4s}
  flocks:
    program: exec
    files: {/opt/flocks.sh: flocks.sh, /opt/flock: /usr/bin/flock}
    command: [sh, /opt/flocks.sh, "{node}", "{dir}"]
    duration: 60s
trials: [[coherency], [stream], [flocks]]
watch:
  stall: 8s
  known:
    - "lockdep:circular:&mm->mmap_lock>Meta>&ocfs2_sysfile_lock_key[args->fi_sysfile_type]>&sc->sc_send_lock>sk_lock-AF_INET"
    - "lockdep:circular:&o2nm_cluster_group.cs_subsys.su_mutex>o2net_wq_mutex>*"
)yaml";

/// Each node takes the lock of its own file, and when both have one, asks for the other's. The files
/// are made before: of two nodes that make one, OCFS2 tells the second that it exists (EEXIST), even
/// if that is no mistake (open(2), O_CREAT without O_EXCL).
constexpr const char* kFlocks = R"sh(
[ "$1" = 1 ] && own=a other=b || own=b other=a
exec 8>"$2/$own" && gridlock-barrier made && exec 9<"$2/$other" || exit 1
echo 'gridlock {"operations":1}'
/opt/flock -x 8 && gridlock-barrier both && /opt/flock -x 9 || exit 1
echo 'gridlock {"result":{"operations":1}}'
)sh";

/// What the DLM of 6.1 says when a node leaves is known.
constexpr const char* kOnDlm = R"yaml(
kernels:
  patched: {source: {package: linux-source-6.1}, config: [base, cluster, debug]}
disks:
  shared: {size: 512MiB}
cluster: {stack: corosync, token: 12s}
filesystem: {type: ocfs2, journal: 8MiB}
workloads:
  coherency: {program: mmap-dio, operation: write, buffer: anonymous, observe: [buffered, direct, mapped],
              transfer: 64KiB, duration: 4s}
watch:
  stall: 15s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

constexpr const char* kLocal = R"yaml(
nodes: {count: 1}
disks:
  shared: {size: 256MiB}
cluster: {stack: none}
workloads:
  self-read: {program: mmap-dio, operation: read, buffer: same-file, transfer: 64KiB, duration: 3s}
watch: {stall: 15s}
)yaml";

std::string local(const std::string& type) {
  return "kernels:\n  patched: {source: {package: linux-source-6.1}}\n" + std::string(kLocal) +
         "filesystem: {type: " + type + ", journal: 8MiB}\n";
}

// The framework ends them.
RealRun& shared() {
  static auto* const run = new RealRun(
      "ocfs2-test", {{"ocfs2.yaml", std::string(kKernel) + kShared}, {"flocks.sh", kFlocks}},
      {"run", "ocfs2.yaml"}, std::chrono::minutes(15));
  return *run;
}
RealRun& on_dlm() {
  static auto* const run = new RealRun("ocfs2-on-dlm", {{"ocfs2.yaml", kOnDlm}},
                                       {"run", "ocfs2.yaml"}, std::chrono::minutes(8));
  return *run;
}
RealRun& local_gfs2() {
  static auto* const run = new RealRun("local-gfs2", {{"gfs2.yaml", local("gfs2")}},
                                       {"run", "gfs2.yaml"}, std::chrono::minutes(8));
  return *run;
}
RealRun& local_ocfs2() {
  static auto* const run = new RealRun("local-ocfs2", {{"ocfs2.yaml", local("ocfs2")}},
                                       {"run", "ocfs2.yaml"}, std::chrono::minutes(8));
  return *run;
}

std::string kept(const TrialRecord& trial, const std::string& file) {
  return read_file(shared().directory() / trial.directory / file, Bytes::mib(64));
}

TEST(Ocfs2Test, EveryTrialDidAsExpected) {
  EXPECT_EQ(shared().result().value, 0) << shared().result().errors;
  for (const TrialRecord& trial : shared().run().trials)
    EXPECT_TRUE(trial.expected) << trial.name << ": " << trial.reason;
}

TEST(Ocfs2Test, BothNodesWorkedAndWatchedEachOther) {
  for (const auto& [node, counters] : shared().trial("coherency").workloads.at(0).nodes) {
    EXPECT_GT(counters.operations, 0u) << node;
    EXPECT_GT(counters.workers.at("observe.direct"), 0u) << node;
  }
  EXPECT_GT(shared().trial("stream").workloads.at(0).total.operations, 0u);
}

TEST(Ocfs2Test, TheKernelsTellWhoIsAMemberAndThatTheMountIsSound) {
  for (const auto& [node, oracle] : shared().trial("stream").oracles) {
    EXPECT_THAT(oracle.dlm_members.value_or(std::vector<int>{}), ElementsAre(1, 2)) << node;
    EXPECT_EQ(oracle.dlm_recovering, false) << node;
    EXPECT_EQ(oracle.ocfs2_failed, false) << node;
    EXPECT_EQ(oracle.ocfs2_recovering, false) << node;
    EXPECT_FALSE(oracle.gfs2_withdrawn) << node;
  }
}

TEST(Ocfs2Test, ADeadlockOverTwoNodesIsNamedWithItsTasksAndLocks) {
  const TrialRecord& trial = shared().trial("flocks");
  std::vector<std::string> kinds;
  const FindingRecord* deadlock = nullptr;
  for (const FindingRecord& finding : trial.findings) {
    kinds.push_back(finding.kind);
    if (finding.kind == "deadlock") deadlock = &finding;
  }
  ASSERT_TRUE(deadlock) << testing::PrintToString(kinds) << trial.reason;
  EXPECT_THAT(deadlock->nodes, ElementsAre("node1", "node2"));
  EXPECT_THAT(deadlock->identity, HasSubstr("deadlock:ocfs2:2nodes:[EX>EX flock]x2"));
  EXPECT_THAT(deadlock->excerpt, AllOf(HasSubstr("holds OCFS2 lock F"), HasSubstr("held by node")));
  const std::string taken = "evidence/" + deadlock->id + "/";
  for (const char* const file :
       {"node1/1/ocfs2_locks.txt", "node2/2/ocfs2_locks.txt", "node1/o2dlm_state.txt",
        "node2/o2dlm_locks.txt", "node1/ocfs2_state.txt", "node2/o2net_connections.txt"})
    EXPECT_NE(kept(trial, taken + file), "") << file;
  EXPECT_THAT(kept(trial, taken + "node1/o2dlm_state.txt"), HasSubstr("Domain Map: 1 2"));
}

TEST(Ocfs2OnDlmTest, TwoNodesWatchEachOthersBlocksThroughTheKernelsDlm) {
  EXPECT_EQ(on_dlm().result().value, 0) << on_dlm().result().errors;
  const TrialRecord& trial = on_dlm().trial("coherency");
  EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
  for (const auto& [node, counters] : trial.workloads.at(0).nodes) {
    EXPECT_GT(counters.operations, 0u) << node;
    EXPECT_GT(counters.workers.at("observe.direct"), 0u) << node;
  }
  for (const auto& [node, oracle] : trial.oracles) {
    EXPECT_THAT(oracle.dlm_members.value_or(std::vector<int>{}), ElementsAre(1, 2)) << node;
    EXPECT_EQ(oracle.ocfs2_failed, false) << node;
  }
}

TEST(LocalTest, OneNodeMountsEitherFileSystemWithoutACluster) {
  for (RealRun* const run : {&local_gfs2(), &local_ocfs2()}) {
    EXPECT_EQ(run->result().value, 0) << run->result().errors;
    const TrialRecord& trial = run->trial("self-read");
    EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
    EXPECT_GT(trial.workloads.at(0).total.operations, 0u);
    EXPECT_FALSE(trial.oracles.at("node1").dlm_members);
  }
  EXPECT_EQ(local_gfs2().trial("self-read").oracles.at("node1").gfs2_withdrawn, false);
  EXPECT_EQ(local_ocfs2().trial("self-read").oracles.at("node1").ocfs2_failed, false);
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  for (gridlock::RealRun* const run : {&gridlock::shared(), &gridlock::on_dlm(),
                                       &gridlock::local_gfs2(), &gridlock::local_ocfs2()})
    testing::AddGlobalTestEnvironment(run);
  return RUN_ALL_TESTS();
}
