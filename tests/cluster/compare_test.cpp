// SPDX-License-Identifier: GPL-2.0-or-later
// Two real kernels compared in pairs on two nodes, once interrupted and gone on with.
#include <gmock/gmock.h>

#include "host/files.h"
#include "report/comparison.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kTopology = R"yaml(
name: compare-test
start: formed
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
  unpatched:
    from: patched
    patches: [gfs2-dio-page-faults-enabled.patch]
nodes: {count: 2}
disks: {shared: {size: 1GiB}}
filesystem: {journal: 8MiB}
workloads:
  self-read: {program: mmap-dio, operation: read, buffer: same-file, transfer: 64KiB, duration: 3s}
watch:
  hung_task: 8s
  stall: 5s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

/// One pair first: the rest is what resume has to do.
RealRun& comparing() {
  static auto* const run =
      new RealRun("compare-test", {{"compare.yaml", kTopology}},
                  {"compare", "compare.yaml", "--base", "unpatched", "--head", "patched", "--pairs",
                   "1", "--any-host"},
                  std::chrono::minutes(25));
  return *run;
}

TEST(CompareTest, OnePairIsNotEnoughForAVerdict) {
  EXPECT_EQ(comparing().result().value, 4) << comparing().result().errors;
  const CompareRecord& record = *comparing().run().compare;
  ASSERT_EQ(record.pairs_run.size(), 1u);
  EXPECT_EQ(record.pairs_run.front().spoilt, "");
  for (const TrialRecord& trial : comparing().run().trials) {
    EXPECT_TRUE(trial.health) << trial.number;
    EXPECT_EQ(trial.lab_of, 0);
  }
}

TEST(CompareTest, MorePairsGoOnWhereItWasAndShowThatThePatchFixesIt) {
  const CommandResult more = comparing().gridlock({"resume", "--pairs", "4"});
  EXPECT_EQ(more.value, 0) << more.errors;
  const RunRecord run = read_run(comparing().directory());
  ASSERT_TRUE(run.compare);
  EXPECT_EQ(run.compare->pairs_run.size(), 4u);
  EXPECT_EQ(run.trials.size(), 8u);
  const Comparison comparison = compare_run(run);
  ASSERT_EQ(comparison.trials.size(), 1u);
  EXPECT_EQ(comparison.trials.front().failures.verdict, FailureVerdict::fixed);
  EXPECT_EQ(comparison.trials.front().failures.base.count, 4);
  EXPECT_EQ(comparison.trials.front().failures.head.count, 0);
  EXPECT_THAT(more.output, AllOf(HasSubstr("4/4"), HasSubstr("0/4")));
  for (const char* const file :
       {"report.html", "report.txt", "junit.xml", "results.ktap", "kcidb.json"})
    EXPECT_TRUE(std::filesystem::exists(comparing().directory() / file)) << file;
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  testing::AddGlobalTestEnvironment(&gridlock::comparing());
  return RUN_ALL_TESTS();
}
