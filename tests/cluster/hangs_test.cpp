// SPDX-License-Identifier: GPL-2.0-or-later
// Hangs of every kind on three real nodes: each is called what it is, at once, with what shows it.
#include <gmock/gmock.h>

#include "host/files.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kTopology = R"yaml(
name: hangs-test
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
    expect: {spin: fail, stopped: fail}
  unpatched:
    from: patched
    patches: [gfs2-dio-page-faults-enabled.patch]
    expect: {ring: fail, stopped: fail, spin: fail, self: fail}
start: formed
lab: shared
nodes: {count: 3}
disks:
  shared: {size: 1GiB}
filesystem: {journal: 8MiB}
workloads:
  slow:    {program: exec, command: [sh, -c, "i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo 'gridlock {{\"operations\":'$i'}}'; busybox sleep 7; done; echo 'gridlock {{\"result\":{{\"operations\":3}}}}'"], duration: 60s}
  self:    {program: mmap-dio, operation: read, buffer: same-file, transfer: 64KiB, duration: 4s}
  ring:    {program: mmap-dio, operation: read, buffer: next-node, transfer: 256KiB, duration: 6s}
  spin:    {program: mmap-dio, operation: read, buffer: same-page, transfer: 64KiB, duration: 4s}
  stopped: {program: exec, command: [sh, -c, "echo 'gridlock {{\"operations\":1}}'; [ {node} = 2 ] && kill -STOP $$; busybox sleep 30; echo 'gridlock {{\"result\":{{\"operations\":1}}}}'"], duration: 60s}
trials: [[slow], [self], [ring], [spin], [stopped]]
watch:
  hung_task: 8s
  stall: 4s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

RealRun& hangs() {
  static auto* const run = new RealRun("hangs-test", {{"hangs.yaml", kTopology}},
                                       {"run", "hangs.yaml"}, std::chrono::minutes(25));
  return *run;
}

std::filesystem::path folder(const TrialRecord& trial) {
  return hangs().directory() / trial.directory;
}

std::string kept(const TrialRecord& trial, const std::string& file) {
  return read_file(folder(trial) / file, Bytes::mib(64));
}

std::vector<std::string> kinds(const TrialRecord& trial) {
  std::vector<std::string> all;
  for (const FindingRecord& finding : trial.findings)
    if (!finding.known) all.push_back(finding.kind);
  return all;
}

const FindingRecord& finding(const TrialRecord& trial, const std::string& kind) {
  for (const FindingRecord& one : trial.findings)
    if (one.kind == kind) return one;
  throw std::runtime_error("no finding " + kind + " in " + trial.name + ": " + trial.reason);
}

TEST(HangsTest, EveryTrialDidAsExpected) {
  for (const TrialRecord& trial : hangs().run().trials)
    EXPECT_TRUE(trial.expected) << trial.kernel << " " << trial.name << ": " << trial.reason;
}

TEST(HangsTest, ARingOfThreeNodesIsNamedWithin10SecondsOfTheStall) {
  const TrialRecord& trial = hangs().trial("ring", "unpatched");
  const FindingRecord& deadlock = finding(trial, "deadlock");
  EXPECT_EQ(deadlock.title, "deadlock: node1 <-> node2 <-> node3, 3 glocks");
  // A node may fault to read or to write.
  EXPECT_THAT(deadlock.identity, StartsWith("deadlock:gfs2:3nodes:[DF>"));
  EXPECT_THAT(deadlock.excerpt, AllOf(HasSubstr("holds glock 2/"), HasSubstr("file ring/node")));
  EXPECT_LT(deadlock.at, finding(trial, "hung_task").at);
  // The workers stand still within a second or two of their start, and are looked into 4 s later.
  double began = 0;
  for (const StepRecord& step : trial.steps)
    if (step.name == "work") began = step.begin;
  EXPECT_LT(deadlock.at - began, 6 + 4 + 10);
}

TEST(HangsTest, TheEvidenceOfTheRingIsThereAndTellsTheSameAgain) {
  const TrialRecord& trial = hangs().trial("ring", "unpatched");
  const std::string taken = "evidence/" + finding(trial, "deadlock").id + "/";
  for (const char* const node : {"node1", "node2", "node3"})
    for (const char* const file :
         {"/1/glocks.txt", "/2/dlm_locks.txt", "/2/tasks.txt", "/sysrq-w.txt"})
      EXPECT_NE(kept(trial, taken + node + file), "") << node << file;
  EXPECT_THAT(kept(trial, taken + "node1/2/tasks.txt"), HasSubstr("gfs2_glock_wait"));
  EXPECT_THAT(kept(trial, taken + "node1/sysrq-d.txt"), HasSubstr("locks held"));
  Command command;
  command.program = std::filesystem::path(GRIDLOCK_BINARY_DIR) / "gridlock";
  command.arguments = {"diagnose", (folder(trial) / taken).string()};
  command.deadline = std::chrono::seconds(60);
  const CommandResult again = make_command_runner()->run(command, {});
  EXPECT_EQ(again.value, 1) << again.errors;
  EXPECT_THAT(again.output, HasSubstr(finding(trial, "deadlock").excerpt));
}

TEST(HangsTest, ASpinIsCalledASpin) {
  const TrialRecord& trial = hangs().trial("spin", "patched");
  EXPECT_THAT(kinds(trial), Contains("spin"));
  EXPECT_THAT(kinds(trial), Not(Contains("deadlock")));
  EXPECT_THAT(finding(trial, "spin").excerpt, HasSubstr("of a processor in the kernel"));
}

TEST(HangsTest, AStoppedProcessIsNoDeadlock) {
  const TrialRecord& trial = hangs().trial("stopped", "patched");
  EXPECT_THAT(kinds(trial), Not(Contains("deadlock")));
  EXPECT_EQ(finding(trial, "stall").title, "stall: a process of stopped is stopped");
  EXPECT_EQ(finding(trial, "stall").nodes, std::vector<std::string>{"node2"});
}

TEST(HangsTest, APlainSlowWorkloadIsNoStall) {
  EXPECT_EQ(hangs().trial("slow", "patched").outcome, Outcome::passed);
  EXPECT_THAT(kept(hangs().trial("slow", "patched"), "events.jsonl"), HasSubstr("\"slow\""));
}

TEST(HangsTest, TheSelfRecursionNamesTheTaskTheGlockAndBothRequests) {
  const FindingRecord& bug = finding(hangs().trial("self", "unpatched"), "bug");
  EXPECT_THAT(bug.excerpt, AllOf(HasSubstr("holds glock 2/"), HasSubstr("asks for it again")));
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  testing::AddGlobalTestEnvironment(&gridlock::hangs());
  return RUN_ALL_TESTS();
}
