// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "report/comparison_chart.h"
#include "report/finding_index.h"
#include "report/html_effect.h"
#include "report/html_page.h"
#include "report/joined_runs.h"
#include "report/page_assets.h"
#include "report/trial_chart.h"
#include "support/golden.h"
#include "support/run_files.h"
#include "support/sample_comparison.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A page without what every page has alike, so that a golden file holds what differs.
std::string without_assets(std::string page) {
  for (const std::string_view asset : {page_style(), page_script(), chart_library()}) {
    const std::size_t at = page.find(asset);
    EXPECT_NE(at, std::string::npos);
    if (at != std::string::npos) page.replace(at, asset.size(), "…");
  }
  const std::size_t policy = page.find("script-src ");
  return page.erase(policy, page.find("style-src", policy) - policy);
}

RunMaterial material_of(const RunRecord& run) {
  RunMaterial material;
  const TrialRecord& trial = run.trials.front();
  MadeSamples made;
  made.seconds = 2;
  made.workers = 1;
  material.trials[trial.number] = {parse_series(made_samples(made)),
                                   parse_events(made_events(trial, 2))};
  for (const TrialRecord& each : run.trials)
    for (const FindingRecord& finding : each.findings) {
      FindingMaterial& explained = material.findings[finding.identity];
      if (finding.kind != "deadlock") continue;
      explained.svg = made_graph();
      explained.diagnosis = "node1 waits for node2, which waits for node1\n";
    }
  KernelMaterial& patched = material.kernels["patched"];
  patched.config = "CONFIG_DLM=m\n";
  material.kernels["unpatched"].config = "CONFIG_DLM=y\n";
  material.kernels["unpatched"].patches = {
      {"01-a.patch", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n", false}};
  material.topology = "name: gfs2-mmap-dio\n";
  return material;
}

void expect_page(const RunRecord& run, const std::string& golden) {
  const RunMaterial material = material_of(run);
  std::optional<Comparison> comparison;
  if (is_comparable(run)) comparison = compare_run(run);
  expect_golden(without_assets(html_page({run, material, comparison ? &*comparison : nullptr})),
                "report/" + golden);
}

TEST(HtmlPage, ShowsWhatTheDemoShows) { expect_page(demo_run(), "page-demo.html"); }

TEST(HtmlPage, ShowsAComparison) {
  expect_page(sample_comparison(6,
                                [](TrialRecord& trial, const SamplePair& pair) {
                                  if (!pair.is_head && pair.number == 1)
                                    fail_with(trial, sample_deadlock());
                                }),
              "page-compared.html");
}

TEST(HtmlPage, ShowsARunOfOneKernel) {
  RunRecord run = demo_run();
  run.kernels.erase(run.kernels.begin());
  run.trials.erase(run.trials.begin(), run.trials.begin() + 3);
  run.outcome = Outcome::failed;
  run.reason = "2 trials of 3 failed";
  expect_page(run, "page-one-kernel.html");
}

TEST(HtmlPage, ShowsARunThatBrokeBeforeItsFirstTrial) {
  RunRecord run = sample_run();
  run.outcome = Outcome::error;
  run.reason = "building patched: make ended with 2";
  const RunMaterial nothing;
  const std::string page = html_page({run, nothing, nullptr});
  EXPECT_THAT(page, HasSubstr("No verdict: building patched: make ended with 2"));
  EXPECT_THAT(page, HasSubstr("None was run."));
}

TEST(HtmlPage, KeepsMarkupOfNodesText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials)
    for (FindingRecord& finding : trial.findings) finding.title = finding.excerpt = hostile;
  run.trials[0].workloads[0].nodes[hostile] = {};
  const RunMaterial material = material_of(run);
  const std::string page = without_assets(html_page({run, material, nullptr}));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
  EXPECT_THAT(page, HasSubstr("\\u003c/script\\u003e\\u003cimg"));
}

TEST(HtmlPage, ShowsFilesAndLinesBesideTheLocationsOfADecodedTrace) {
  RunRecord run = demo_run();
  FindingRecord& finding = run.trials[3].findings.at(0);
  const std::string console =
      "[   41.412724] INFO: task mdio:108 blocked for more than 10 seconds.\n"
      "[   41.412724]       Not tainted 6.1.192 #1\n"
      "[   41.412724] task:mdio            state:D stack:0     pid:108   ppid:1      flags:0x0\n"
      "[   41.412724] Call Trace:\n"
      "[   41.412724]  <TASK>\n"
      "[   41.412724]  gfs2_glock_wait+0x33/0x90 [gfs2]\n"
      "[   41.412724]  gfs2_fault+0x7e/0x150 [gfs2]\n"
      "[   41.412724]  </TASK>\n";
  RunMaterial material = material_of(run);
  FindingMaterial& kept = material.findings[finding.identity];
  kept.trial = run.trials[3].number;
  kept.id = finding.id;
  kept.console = console;
  const std::string before = html_page({run, material, nullptr});
  EXPECT_THAT(before, HasSubstr("gfs2_fault<span"));
  EXPECT_THAT(before, Not(HasSubstr("fs/gfs2/file.c")));
  finding.trace = {{"gfs2_glock_wait+0x33/0x90 [gfs2]",
                    {{"wait_on_bit", "include/linux/wait_bit.h", 76, true},
                     {"gfs2_glock_wait", "fs/gfs2/glock.c", 1378}}},
                   {"gfs2_fault+0x7e/0x150 [gfs2]", {{"gfs2_fault", "fs/gfs2/file.c", 559}}}};
  const std::string page = html_page({run, material, nullptr});
  EXPECT_THAT(page,
              HasSubstr("<span class=\"source\">include/linux/wait_bit.h:76 wait_on_bit "
                        "[inlined]</span><span class=\"source\">fs/gfs2/glock.c:1378</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"source\">fs/gfs2/file.c:559</span>"));
}

TEST(HtmlPage, LetsOnlyItsOwnScriptsRun) {
  const RunRecord run = demo_run();
  const std::string page = html_page({run, material_of(run), nullptr});
  // The digests of the two scripts, in Base64 as `openssl dgst -sha256 -binary | base64` gives it.
  EXPECT_THAT(page, testing::ContainsRegex("script-src &#39;sha256-[A-Za-z0-9+/]{43}=&#39; "
                                           "&#39;sha256-[A-Za-z0-9+/]{43}=&#39;;"));
  EXPECT_THAT(page, HasSubstr("default-src &#39;none&#39;"));
}

TEST(HtmlPage, IsTheSameEachTime) {
  const RunRecord run = demo_run();
  const RunMaterial material = material_of(run);
  EXPECT_EQ(html_page({run, material, nullptr}), html_page({run, material, nullptr}));
}

/// Every "#…" a page links to and does not have.
std::vector<std::string> dead_anchors(const std::string& page) {
  std::vector<std::string> dead;
  constexpr std::string_view kLink = "href=\"#";
  for (std::size_t at = page.find(kLink); at != std::string::npos; at = page.find(kLink, at + 1)) {
    const std::size_t begin = at + kLink.size();
    const std::string anchor = page.substr(begin, page.find('"', begin) - begin);
    if (page.find("id=\"" + anchor + "\"") == std::string::npos) dead.push_back(anchor);
  }
  return dead;
}

TEST(HtmlOfRuns, NumbersTheTrialsOfBothRunsThrough) {
  RunRecord base = demo_run(), head = demo_run();
  base.id = "20260101-gfs2-a";
  head.id = "20260102-gfs2-b";
  const std::string page = html_of_runs({base, "/runs/a", "unpatched"}, {head, "/runs/b", "patched"},
                                        "/runs/pages");
  EXPECT_THAT(dead_anchors(page), IsEmpty());
  const auto of = [](const RunRecord& run, std::string_view kernel) {
    return std::ranges::count(run.trials, kernel, &TrialRecord::kernel);
  };
  const auto all = of(base, "unpatched") + of(head, "patched");
  ASSERT_GT(all, 2);
  EXPECT_THAT(page, HasSubstr(fmt::format("id=\"trial-{}\"", all)));
  EXPECT_THAT(page, Not(HasSubstr(fmt::format("id=\"trial-{}\"", all + 1))));
  const auto first = std::ranges::find(base.trials, "unpatched", &TrialRecord::kernel);
  EXPECT_THAT(page, HasSubstr("href=\"./../a/" + first->directory));
  EXPECT_THAT(page, HasSubstr("gridlock compare 20260101-gfs2-a 20260102-gfs2-b"));
  EXPECT_THAT(page, Not(HasSubstr("href=\"./run.json")));
}

TEST(HtmlOfRuns, TellsKernelsOfOneNameApartByTheirRuns) {
  RunRecord base = demo_run(), head = demo_run();
  base.id = "monday";
  head.id = "tuesday";
  const std::string page =
      html_of_runs({base, "/runs/a", "patched"}, {head, "/runs/b", "patched"}, "/runs");
  EXPECT_THAT(page, HasSubstr("patched of monday"));
  EXPECT_THAT(page, HasSubstr("patched of tuesday"));
  EXPECT_THAT(dead_anchors(page), IsEmpty());
}

TEST(HtmlOfRuns, RefusesAKernelThatIsNotThere) {
  const RunRecord run = demo_run();
  EXPECT_THROW(html_of_runs({run, "/a", "patched"}, {run, "/b", "mine"}, "/"), UsageError);
}

TEST(LanesChart, HasALaneForEachNodeInTheirOrder) {
  TrialRecord trial = sample_trial(1, "patched", "abba");
  trial.workloads[0].nodes["node10"] = {};
  EXPECT_THAT(nodes_of(trial), ElementsAre("node1", "node2", "node10"));
  EXPECT_THAT(lanes_chart(trial, {})["lanes"], SizeIs(3));
}

TEST(LanesChart, EndsANodesStartWhenItWasMet) {
  const TrialRecord trial = sample_trial(1, "patched", "abba");  // start: 0 to 20.5
  const Json chart = lanes_chart(trial, {{12.5, "node1", "hello", "6.1"}});
  EXPECT_EQ(chart["spans"][0]["end"], 12.5);
  EXPECT_EQ(chart["spans"][2]["lane"], 1);
  EXPECT_EQ(chart["spans"][2]["end"], 20.5);
}

TEST(LanesChart, DrawsAStepThatWasNotReachedToTheEnd) {
  TrialRecord trial = sample_trial(1, "patched", "abba");
  trial.steps = {{"work", 5, 0, "waiting"}};
  EXPECT_EQ(lanes_chart(trial, {})["spans"][0]["end"], 42);
}

TEST(LanesChart, MarksFindingsOnTheirNodesOnly) {
  TrialRecord trial = sample_trial(1, "patched", "abba");
  trial.findings = {sample_finding("f1", "bug", "BUG", 7.25, {"node2"})};
  const Json marks =
      lanes_chart(trial, {{3, "", "work", "abba"}, {9, "node1", "lost", "it ended"}})["marks"];
  ASSERT_THAT(marks, SizeIs(4));
  EXPECT_EQ(marks[0]["kind"], "workload");
  EXPECT_EQ(marks[1]["lane"], 1);
  EXPECT_EQ(marks[2]["text"], "lost: it ended");
  EXPECT_EQ(marks[3]["lane"], 1);
  EXPECT_EQ(marks[3]["at"], 7.25);
}

TEST(LanesChart, MarksWhatWasDoneToANodeOnPurpose) {
  TrialRecord trial = sample_trial(1, "patched", "abba");
  trial.faults = {{"pause", "node1", 3, 4, "abba", 30.5, 34.5, {}, {}},
                  {"kill", "node2", 5, 0, "abba", 32.25, {}, 14.125, 46.5},
                  {"cut", "node1", 9, 1, "abba", {}, {}, {}, {}}};
  const Json marks = lanes_chart(trial, {})["marks"];
  ASSERT_THAT(marks, SizeIs(3));
  EXPECT_EQ(marks[0]["at"], 30.5);
  EXPECT_EQ(marks[1]["at"], 34.5);
  EXPECT_EQ(marks[2]["lane"], 1);
  EXPECT_EQ(marks[2]["kind"], "fault");
  EXPECT_EQ(marks[2]["text"], "node2 was killed at 32s, the others stood still for up to 14s");
}

TEST(ThroughputChart, TellsNothingDoneFromNotKnown) {
  const TrialRecord trial = sample_trial(1, "patched", "abba");
  const double none = std::numeric_limits<double>::quiet_NaN();
  TrialSeries series;
  series.begin = 3;
  series.step = 0.5;
  series.nodes = {{"node1", {10, none, none}, {1e6, none, none}},
                  {"node2", {20, 30, none}, {2e6, 3e6, none}}};
  const Json chart = throughput_chart(trial, series);
  EXPECT_EQ(chart["unit"], "MB/s");
  EXPECT_EQ(chart["nodes"][0]["values"].dump(), "[1.0,0.0,null]");
  EXPECT_EQ(chart["nodes"][1]["values"].dump(), "[2.0,3.0,null]");
  for (NodeSeries& node : series.nodes) node.bytes_per_second.assign(3, 0);
  EXPECT_EQ(throughput_chart(trial, series)["unit"], "operations/s");
}

TEST(SurvivalChart, BeginsWithAllAndEndsWithTheLastWatched) {
  Comparison comparison;
  TrialComparison trial;
  trial.base_times = {{10, true}, {30, false}};
  trial.base_survival = {{10, 0.5, 2}};
  const Json chart = survival_chart(comparison, trial);
  ASSERT_THAT(chart["base"], SizeIs(3));
  EXPECT_EQ(chart["base"][0]["share"], 1);
  EXPECT_EQ(chart["base"][2]["seconds"], 30);
  EXPECT_EQ(chart["base"][2]["share"], 0.5);
  EXPECT_THAT(chart["head"], IsEmpty());
}

TEST(FindingIndex, CountsTrialsByKernelAndPutsJudgedOnesFirst) {
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials)
    for (FindingRecord& finding : trial.findings) finding.known = finding.kind == "lockdep";
  const std::vector<IndexedFinding> findings = index_findings(run);
  ASSERT_THAT(findings, SizeIs(6));
  EXPECT_EQ(findings[0].first->kind, "bug");
  EXPECT_TRUE(findings[4].known || findings[4].secondary);
  EXPECT_TRUE(findings[5].known || findings[5].secondary);
  for (const IndexedFinding& finding : findings) {
    if (finding.first->kind != "lockdep") continue;
    EXPECT_THAT(finding.kernels.at("patched").trials, ElementsAre(1, 2, 3));
    EXPECT_THAT(finding.kernels.at("unpatched").trials, ElementsAre(6));
  }
}

TEST(DrawnEffect, IsTheRatioOfMediansWithoutPairs) {
  ThroughputComparison workload;
  EXPECT_FALSE(drawn_effect(workload));
  workload.base.rate = 100;
  workload.head.rate = 90;
  workload.not_judged = "not run in pairs";
  const auto drawn = drawn_effect(workload);
  ASSERT_TRUE(drawn);
  EXPECT_NEAR(drawn->ratio, -0.1, 1e-12);
  EXPECT_FALSE(drawn->judged);
  EXPECT_EQ(effect_text(*drawn), "−10.0 %");
  workload.effect.pairs = 5;
  workload.effect.ratio = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(drawn_effect(workload));
}

TEST(DrawnEffect, HasAScaleThatShowsMarginsAndIntervals) {
  EXPECT_EQ(effect_limit({}), 0.02);
  EXPECT_EQ(effect_limit({{0.01, Interval{-0.01, 0.03}, 0.05, true}}), 0.1);
  EXPECT_EQ(effect_limit({{0.01, Interval{-0.4, 0.03}, 0.05, true}}), 0.5);
  EXPECT_EQ(effect_limit({{9, std::nullopt, 0.05, true}}), 1.0);
}

TEST(DrawnEffect, SaysBoundsInWords) {
  EXPECT_EQ(effect_text({-0.008, Interval{-0.029, 0.014}, 0.05, true}), "−0.8 % [−2.9, +1.4]");
  EXPECT_EQ(percent_text(-0.0001), "0.0 %");
}

}  // namespace
}  // namespace gridlock
