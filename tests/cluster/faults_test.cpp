// SPDX-License-Identifier: GPL-2.0-or-later
// What is done to three real nodes on purpose: the others go on, and nobody calls that a hang.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "host/files.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTopology = R"yaml(
name: faults-test
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
start: formed
lab: shared
nodes: {count: 3}
disks:
  shared: {size: 1GiB}
cluster: {token: 8s}
filesystem: {journal: 8MiB}
workloads:
  calm:   {program: mmap-dio, operation: write, buffer: anonymous, transfer: 64KiB, observe: [buffered], duration: 15s}
  stream: {program: mmap-dio, operation: write, buffer: anonymous, transfer: 64KiB, observe: [buffered], duration: 55s}
trials:
  - {name: away, workloads: [calm], faults: [{at: 2s, pause: node1, for: 2500ms}, {at: 8s, cut: node3, for: 2500ms}]}
  - {name: death, workloads: [stream], faults: [{at: 5s, kill: node2}]}
watch:
  hung_task: 32s
  stall: 8s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

RealRun& faults() {
  static auto* const run = new RealRun("faults-test", {{"faults.yaml", kTopology}},
                                       {"run", "faults.yaml"}, std::chrono::minutes(25));
  return *run;
}

std::string kept(const TrialRecord& trial, const std::string& file) {
  return read_file(faults().directory() / trial.directory / file, Bytes::mib(64));
}

/// The most operations that a node's workers had told by `at`, in seconds since the trial's start.
std::int64_t operations(const TrialRecord& trial, const std::string& node, double at) {
  std::int64_t most = 0;
  for (const std::string& line : split(kept(trial, "samples.jsonl"), '\n')) {
    const auto sample = parse_json(line);
    if (!sample || text_or(*sample, "node", "") != node || number_or(*sample, "t", 0) > at)
      continue;
    if (text_or(*sample, "worker", "").starts_with("observe")) continue;
    most = std::max(most, integer_or(*sample, "operations", 0));
  }
  return most;
}

std::vector<std::string> unknown_findings(const TrialRecord& trial) {
  std::vector<std::string> all;
  for (const FindingRecord& finding : trial.findings)
    if (!finding.known) all.push_back(finding.title);
  return all;
}

TEST(FaultsTest, ANodeThatIsAwayForAWhileIsNoFinding) {
  const TrialRecord& trial = faults().trial("away");
  EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
  EXPECT_THAT(unknown_findings(trial), IsEmpty());
  ASSERT_EQ(trial.faults.size(), 2u);
  for (const FaultRecord& fault : trial.faults) {
    ASSERT_TRUE(fault.begin && fault.end) << fault.kind;
    EXPECT_GE(*fault.end - *fault.begin, 2.4) << fault.kind;
  }
}

TEST(FaultsTest, TheOthersGoOnWhenANodeDies) {
  const TrialRecord& trial = faults().trial("death");
  EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
  EXPECT_THAT(unknown_findings(trial), IsEmpty());
  ASSERT_EQ(trial.faults.size(), 1u);
  ASSERT_TRUE(trial.faults[0].begin);
  ASSERT_TRUE(trial.faults[0].moved);
  for (const char* const node : {"node1", "node3"})
    EXPECT_GT(operations(trial, node, trial.seconds),
              operations(trial, node, *trial.faults[0].moved))
        << node;
}

TEST(FaultsTest, AJournalIsReplayed) {
  const TrialRecord& trial = faults().trial("death");
  // In a lab that is shared the consoles are with the trial that began it.
  const TrialRecord& first = faults().trial("away");
  const std::string consoles =
      kept(first, "nodes/node1/console.log") + kept(first, "nodes/node3/console.log");
  EXPECT_THAT(consoles, AnyOf(HasSubstr("Replaying journal"), HasSubstr("Journal replayed")));
  EXPECT_EQ(trial.lab_of, first.number);
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  testing::AddGlobalTestEnvironment(&gridlock::faults());
  return RUN_ALL_TESTS();
}
