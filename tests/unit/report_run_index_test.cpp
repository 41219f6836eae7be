// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/trend_chart.h"
#include "support/sample_comparison.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// One run a night of a topology: patched is built to measure, and its rate is `rate`.
RunRecord night(int number, double rate, const std::string& topology = "nightly") {
  RunRecord run =
      sample_comparison(6, [&](TrialRecord& trial, const SamplePair&) { with_rate(trial, rate); });
  run.topology = topology;
  run.id = fmt::format("2026112{}T223005Z-{}-7f3a", number, topology);
  run.started = sample_time() + std::chrono::hours(24 * number);
  for (KernelRecord& kernel : run.kernels) kernel.perf = kernel.name == "patched";
  return run;
}

TEST(RunIndex, TellsTheResultTheKernelsAndTheRatesOfThoseBuiltToMeasure) {
  const IndexedRun run = index_run(night(1, 100));
  EXPECT_EQ(run.topology, "nightly");
  EXPECT_THAT(run.kernels,
              ElementsAre("unpatched 6.1.192-gridlock (debug)", "patched 6.1.192-gridlock (perf)"));
  EXPECT_THAT(run.headline, Not(IsEmpty()));
  ASSERT_EQ(run.rates.size(), 1u);
  EXPECT_EQ(run.rates[0].kernel, "patched");
  EXPECT_NEAR(run.rates[0].operations_per_second, 100, 10);
  EXPECT_EQ(run.page, "");
}

TEST(RunIndex, ARateIsTheMedianOfTheTrialsThatPassed) {
  RunRecord run = night(1, 100);
  run.compare.reset();
  run.trials.resize(3);
  for (TrialRecord& trial : run.trials) trial.kernel = "patched";
  with_rate(run.trials[0], 10);
  with_rate(run.trials[1], 90);
  with_rate(run.trials[2], 30);
  EXPECT_NEAR(index_run(run).rates.at(0).operations_per_second,
              run.trials[2].workloads[0].total.steady->operations_per_second, 1e-9);
  run.trials[0].outcome = Outcome::failed;
  EXPECT_NEAR(index_run(run).rates.at(0).operations_per_second,
              (run.trials[1].workloads[0].total.steady->operations_per_second +
               run.trials[2].workloads[0].total.steady->operations_per_second) /
                  2,
              1e-9);
}

TEST(RunIndex, SaysWhyARunCannotBeRead) {
  RunRecord unreadable;
  unreadable.id = "20261122T223005Z-x-1";
  unreadable.outcome = Outcome::error;
  unreadable.reason = "run.json:1:2: damaged: not JSON";
  EXPECT_EQ(index_run(unreadable).headline, "unreadable: run.json:1:2: damaged: not JSON");
  EXPECT_THAT(index_page({index_run(unreadable)}), HasSubstr("20261122T223005Z-x-1"));
}

TEST(Trends, AreOneForEachWorkloadKernelAndAccelerator) {
  std::vector<IndexedRun> runs{index_run(night(1, 100)), index_run(night(2, 50))};
  std::vector<const IndexedRun*> all{&runs[0], &runs[1]};
  ASSERT_EQ(trends_of(all).size(), 1u);
  EXPECT_EQ(trends_of(all)[0].name, "mmap-dio on patched");
  EXPECT_EQ(trends_of(all)[0].points.size(), 2u);
  const Json chart = trend_chart(all, trends_of(all));
  EXPECT_EQ(chart["runs"].size(), 2u);
  EXPECT_GT(chart["trends"][0]["points"][0]["share"], chart["trends"][0]["points"][1]["share"]);
  runs[1].accel = "kvm";
  ASSERT_EQ(trends_of(all).size(), 2u);
  EXPECT_EQ(trends_of(all)[0].name, "mmap-dio on patched, kvm");
}

TEST(IndexPage, HasTheNewestFirstAndLinksToTheirPages) {
  std::vector<IndexedRun> runs{index_run(night(1, 100)), index_run(night(2, 100, "other")),
                               index_run(night(3, 100))};
  runs[2].page = "../results/a b/report.html";
  const std::string page = index_page(runs);
  const std::size_t list = page.find("id=\"runs\"");
  ASSERT_NE(list, std::string::npos);
  const std::size_t newest = page.find(runs[2].id, list);
  ASSERT_NE(newest, std::string::npos);
  EXPECT_LT(newest, page.find(runs[1].id, list));
  EXPECT_LT(page.find(runs[1].id, list), page.find(runs[0].id, list));
  EXPECT_THAT(page, HasSubstr("href=\"./../results/a%20b/report.html\""));
  EXPECT_EQ(page, index_page(runs));
}

TEST(IndexPage, KeepsMarkupOfTopologiesText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  RunRecord run = night(1, 100, hostile);
  run.id = hostile;
  for (KernelRecord& kernel : run.kernels) kernel.release = hostile;
  for (TrialRecord& trial : run.trials) trial.workloads[0].name = hostile;
  EXPECT_THAT(index_page({index_run(run)}), Not(HasSubstr("<img")));
}

TEST(IndexPage, OfNoRunSaysSo) {
  EXPECT_THAT(index_page({}), HasSubstr("No run was kept yet."));
  EXPECT_THAT(index_run(RunRecord{}).rates, IsEmpty());
}

}  // namespace
}  // namespace gridlock
