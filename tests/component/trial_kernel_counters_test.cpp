// SPDX-License-Identifier: GPL-2.0-or-later
// What a trial keeps of its nodes' kernel counters, over machines that are scripts on a fake clock.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_fabric.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "support/temp_dir.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kSbstats = "/sys/kernel/debug/gfs2/sample:data/sbstats";
constexpr const char* kLockStat = "/proc/lock_stat";

std::string sbstats(int requests, int queued) {
  return fmt::format(
      "type            cpu:               0\n"
      "inode          srtt:          700000\n"
      "inode           dlm: {:15}\n"
      "inode         queue: {:15}\n",
      requests, queued);
}

std::string lock_stat(int contentions, double waited) {
  return fmt::format(
      "lock_stat version 0.4\n"
      "{:>40}:{:14} {:14} {:>14} {:>14} {:14.2f} {:>14} {:14} {:14} {:>14} {:>14} {:>14} {:>14}\n",
      "&ip->i_rw_mutex-W", 0, contentions, "0.10", "9.00", waited, "1.00", 0, 10 * contentions,
      "0.10", "9.00", "99.00", "1.00");
}

class KernelCountersOfATrial : public testing::Test {
 protected:
  KernelCountersOfATrial() {
    for (const int node : {1, 2}) {
      lab_.script(node).files[kSbstats] = sbstats(100, 200);
      lab_.script(node).files[kLockStat] = lock_stat(50, 1000);
      lab_.script(node).on_work = [this, node] { works(node); };
    }
  }
  /// What the workload does to a node's counters.
  void works(int node) {
    lab_.script(node).files[kSbstats] = sbstats(100 + 30, 200 + 70);
    lab_.script(node).files[kLockStat] = lock_stat(50 + 4, 1000 + 2500.5);
    fabric_.traffic.frames += 20;
    fabric_.traffic.bytes += 900;
  }
  TrialRecord run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_.path());
    setting.fabric = &fabric_;
    for (const PlannedNode& node : plan_.nodes)
      setting.fabric_sockets.push_back(directory_.path() / (node.name + ".fab"));
    RunWriter results(directory_.path() / "results", plan_, RunRecord{}, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    SilentObserver observer;
    return run_trial(setting, plan_.trials.front(), NodeSource{directory_.path() / "bzImage", {}},
                     *writer, observer, {});
  }

  TempDir directory_;
  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  FakeFabric fabric_;
  Plan plan_ = sample_plan();
};

TEST_F(KernelCountersOfATrial, AreWhatChangedDuringTheWorkloadOnAllNodes) {
  const TrialRecord record = run();
  ASSERT_EQ(record.outcome, Outcome::passed) << record.reason;
  const WorkloadRecord& work = record.workloads.at(0);
  EXPECT_THAT(work.kernel,
              ElementsAre(Pair("dlm_bytes", 1800), Pair("dlm_frames", 40), Pair("dlm_requests", 60),
                          Pair("holders_queued", 140), Pair("lock_acquisitions", 80),
                          Pair("lock_contentions", 8), Pair("lock_wait_us", 5001)));
  ASSERT_EQ(work.lock_waits.size(), 1U);
  EXPECT_EQ(work.lock_waits[0].lock_class, "&ip->i_rw_mutex");
  EXPECT_EQ(work.lock_waits[0].contentions, 8);
  EXPECT_EQ(work.lock_waits[0].wait_us, 5001);
}

TEST_F(KernelCountersOfATrial, AreAbsentWhereAKernelDoesNotCount) {
  lab_.script(2).on_work = nullptr;
  lab_.script(1).on_work = nullptr;
  lab_.script(2).files.clear();
  const TrialRecord record = run();
  ASSERT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(record.workloads.at(0).kernel,
              ElementsAre(Pair("dlm_bytes", 0), Pair("dlm_frames", 0)));
  EXPECT_THAT(record.workloads.at(0).lock_waits, IsEmpty());
}

TEST_F(KernelCountersOfATrial, HostileTextsChangeNoVerdict) {
  lab_.script(1).on_work = [this] {
    lab_.script(1).files[kSbstats] = std::string(100'000, '\xff');
    lab_.script(1).files[kLockStat] = "lock_stat version 0.4\n\x1b[2J: 0 1 nan 0 inf 0 0 1 0 0 0 0";
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_FALSE(record.workloads.at(0).kernel.contains("dlm_requests"));
  EXPECT_THAT(record.workloads.at(0).kernel, Contains(Pair("lock_stat_cut", 1)));
}

TEST_F(KernelCountersOfATrial, AreNotAskedOfAKernelThatBroke) {
  lab_.script(1).on_work = [this] {
    works(1);
    loop_.after(Milliseconds{500}, [this] {
      lab_.console(1,
                   "[   20.000000][  T105] kernel BUG at fs/gfs2/glock.c:1587!\n"
                   "[   20.000002][  T105] invalid opcode: 0000 [#1] SMP\n"
                   "[   20.000004][  T105] RIP: 0010:gfs2_glock_nq.cold+0xb5/0xc2\n"
                   "[   20.000010][  T105] ---[ end trace 0000000000000000 ]---\n");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_THAT(record.workloads.at(0).kernel, IsEmpty());
}

}  // namespace
}  // namespace gridlock
