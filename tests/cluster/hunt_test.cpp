// SPDX-License-Identifier: GPL-2.0-or-later
// A hunt as a user runs it, with two real labs restored from one at once, and the way back into a
// trial that failed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "host/paths.h"
#include "host/processes.h"
#include "report/hunt_tally.h"
#include "support/real_run.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// A topology whose lab deadlocks within seconds, and is saved while it works.
constexpr const char* kTopology = R"yaml(
name: hunt-test
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
  unpatched:
    from: patched
    patches: [gfs2-dio-page-faults-enabled.patch]
disks:
  shared: {size: 1GiB}
filesystem: {type: gfs2, disk: shared, journal: 8MiB}
workloads:
  abba: {program: mmap-dio, operation: read, buffer: next-node, transfer: 256KiB, duration: 10s}
watch:
  hung_task: 2s
  stall: 4s
  checkpoint: 1s
  known:
    - "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)"
    - "lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex"
    - "atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin"
)yaml";

/// Every test's run; the framework ends it.
RealRun& hunting() {
  static auto* const run = new RealRun(
      "hunt-test", {{"hunt.yaml", kTopology}},
      {"hunt", "hunt.yaml", "--kernel", "unpatched", "--labs", "2", "--until", "3", "--keep", "2"},
      std::chrono::minutes(25));
  return *run;
}

TEST(HuntTest, EndsWithOneBecauseSomethingFailed) {
  EXPECT_EQ(hunting().result().kind, CommandResult::Kind::exited);
  EXPECT_EQ(hunting().result().value, 1) << hunting().result().errors;
  EXPECT_EQ(hunting().run().outcome, Outcome::failed);
}

TEST(HuntTest, RanTwoLabsOfOneSavedAtOnceAndBothDeadlocked) {
  const RunRecord& run = hunting().run();
  ASSERT_TRUE(run.hunt);
  EXPECT_EQ(run.hunt->labs, 2);
  ASSERT_GE(run.trials.size(), 3u);
  std::set<std::uint64_t> seeds;
  for (const TrialRecord& trial : run.trials) {
    EXPECT_EQ(trial.start, "formed");
    EXPECT_EQ(trial.outcome, Outcome::failed) << trial.reason;
    seeds.insert(trial.seed);
  }
  EXPECT_EQ(seeds.size(), run.trials.size()) << "each trial has a seed of its own";
  const HuntTally counts = tally(run);
  EXPECT_EQ(counts.errors, 0);
  int deadlocks = 0;
  for (const HuntedFinding& finding : counts.findings)
    if (finding.identity.starts_with("deadlock:")) deadlocks += finding.rate.count;
  EXPECT_EQ(deadlocks, static_cast<int>(run.trials.size()));
  // The first two began together.
  std::vector<UtcTime> begins;
  for (const TrialRecord& trial : run.trials) begins.push_back(trial.started);
  std::sort(begins.begin(), begins.end());
  EXPECT_LT(begins[1] - begins[0], std::chrono::seconds(2));
}

TEST(HuntTest, KeepsTheFoldersOfTheFirstFewOnly) {
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(hunting().directory() / "trials"))
    kept += entry.is_directory();
  std::size_t named = 0;
  for (const TrialRecord& trial : hunting().run().trials) named += !trial.directory.empty();
  EXPECT_EQ(kept, named);
  EXPECT_GE(kept, 2u);
}

TEST(HuntTest, TheLabOfAFailedTrialComesBackAndFailsAgainOrHolds) {
  const CommandResult held = hunting().gridlock({"rewind", "latest", "--for", "1s"});
  EXPECT_EQ(held.value, 0) << held.errors;
  EXPECT_NE(held.output.find("after the trial began"), std::string::npos) << held.output;
  EXPECT_NE(held.output.find("the nodes are paused there"), std::string::npos) << held.output;
  // The tasks that hang by then are reported once the nodes go on.
  const CommandResult gone = hunting().gridlock({"rewind", "latest", "--go", "--for", "12s"});
  EXPECT_EQ(gone.value, 0) << gone.errors;
  EXPECT_NE(gone.output.find("hung task in gfs2_"), std::string::npos) << gone.output;
}

TEST(HuntTest, LeavesNoProcess) { EXPECT_TRUE(qemu_processes_of(run_base_directory()).empty()); }

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(&gridlock::hunting());
  return RUN_ALL_TESTS();
}
