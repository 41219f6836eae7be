// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "record/trial_events.h"
#include "record/trial_series.h"

namespace gridlock {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

/// A line as the writer words it.
std::string line(double t, const std::string& node, const std::string& worker, int since_ms,
                 std::uint64_t operations, std::uint64_t bytes) {
  return fmt::format(
      "{{\"t\":{},\"workload\":\"w\",\"node\":\"{}\",\"worker\":\"{}\",\"since_start_ms\":{},"
      "\"operations\":{},\"bytes\":{},\"short\":0,\"errors\":0,\"bad\":0,\"retries\":0}}\n",
      t, node, worker, since_ms, operations, bytes);
}

/// One worker of `node` that does 100 operations of 4096 bytes a second from `begin` for `seconds`,
/// reporting five times a second.
std::string steady_worker(const std::string& node, const std::string& worker, double begin,
                          int seconds) {
  std::string text;
  for (int i = 1; i <= 5 * seconds; ++i)
    text += line(begin + 0.2 * i, node, worker, 200 * i, static_cast<std::uint64_t>(20 * i),
                 static_cast<std::uint64_t>(20 * i) * 4096);
  return text;
}

double sum_of(const std::vector<double>& rates, double step) {
  double sum = 0;
  for (const double rate : rates)
    if (!std::isnan(rate)) sum += rate * step;
  return sum;
}

TEST(TrialSeries, IsEmptyWithoutSamples) {
  const TrialSeries series = parse_series("");
  EXPECT_THAT(series.nodes, IsEmpty());
  EXPECT_EQ(series.step, 0);
}

TEST(TrialSeries, GivesTheRateOfASteadyWorker) {
  const TrialSeries series = parse_series(steady_worker("node1", "1.1", 3, 10));
  ASSERT_THAT(series.nodes, SizeIs(1));
  EXPECT_NEAR(series.begin, 3, 1e-9);
  EXPECT_THAT(series.nodes[0].operations_per_second, SizeIs(testing::Le(120u)));
  EXPECT_THAT(series.nodes[0].operations_per_second, Each(testing::DoubleNear(100, 1e-6)));
  EXPECT_THAT(series.nodes[0].bytes_per_second, Each(testing::DoubleNear(409'600, 1e-2)));
  EXPECT_EQ(series.unreadable, 0u);
}

TEST(TrialSeries, AddsTheWorkersOfANodeAndKeepsNodesApart) {
  const TrialSeries series =
      parse_series(steady_worker("node1", "1.1", 3, 4) + steady_worker("node1", "1.2", 3, 4) +
                   steady_worker("node2", "1.1", 3, 4));
  ASSERT_THAT(series.nodes, SizeIs(2));
  EXPECT_THAT(series.nodes[0].operations_per_second, Each(testing::DoubleNear(200, 1e-6)));
  EXPECT_THAT(series.nodes[1].operations_per_second, Each(testing::DoubleNear(100, 1e-6)));
}

TEST(TrialSeries, ThinsWithoutLosingOperations) {
  const TrialSeries series = parse_series(steady_worker("node1", "1.1", 3, 1000));
  ASSERT_THAT(series.nodes, SizeIs(1));
  EXPECT_EQ(series.lines, 5000u);
  EXPECT_THAT(series.nodes[0].operations_per_second, SizeIs(testing::Le(120u)));
  EXPECT_NEAR(sum_of(series.nodes[0].operations_per_second, series.step), 100'000, 1);
}

TEST(TrialSeries, ShowsAStandstillAsNothingDone) {
  std::string text = steady_worker("node1", "1.1", 0, 5);
  for (int i = 1; i <= 25; ++i) text += line(5 + 0.2 * i, "node1", "1.1", 5000 + 200 * i, 500, 0);
  // Bytes go back, which no worker's do.
  EXPECT_EQ(parse_series(text).unreadable, 25u);
  text = steady_worker("node1", "1.1", 0, 5);
  for (int i = 1; i <= 25; ++i)
    text += line(5 + 0.2 * i, "node1", "1.1", 5000 + 200 * i, 500, 500 * 4096);
  const TrialSeries series = parse_series(text);
  EXPECT_NEAR(series.nodes.at(0).operations_per_second.front(), 100, 1e-6);
  EXPECT_EQ(series.nodes[0].operations_per_second.back(), 0);
}

TEST(TrialSeries, HasNoRateWhereNobodyReported) {
  const TrialSeries series = parse_series(steady_worker("node1", "1.1", 0, 5) +
                                          steady_worker("node2", "1.1", 15, 5));
  EXPECT_TRUE(std::isnan(series.nodes.at(0).operations_per_second.back()));
  EXPECT_TRUE(std::isnan(series.nodes.at(1).operations_per_second.front()));
}

TEST(TrialSeries, PassesOverWhatIsNoSample) {
  const std::string good = steady_worker("node1", "1.1", 3, 4);
  for (const char* const bad :
       {"{\"t\":4.1,\"workload\":\"w\",\"node\":\"no", "nonsense\n", "[1,2]\n", "{}\n", "\n",
        "{\"t\":1e99,\"operations\":1,\"node\":\"n\"}\n", "{\"t\":-1}\n", "{\"t\":nan}\n"}) {
    const TrialSeries series = parse_series(good + bad);
    ASSERT_THAT(series.nodes, SizeIs(1)) << bad;
    EXPECT_EQ(series.unreadable, 1u) << bad;
    EXPECT_THAT(series.nodes[0].operations_per_second, Each(testing::DoubleNear(100, 1e-6))) << bad;
  }
}

TEST(TrialSeries, ReadsLinesInAnotherOrderOfMembers) {
  std::string text;
  for (int i = 1; i <= 20; ++i)
    text += fmt::format(
        "{{\"node\":\"n\",\"operations\":{},\"since_start_ms\":{},\"worker\":\"1\",\"t\":{}}}\n",
        20 * i, 200 * i, 2 + 0.2 * i);
  const TrialSeries series = parse_series(text);
  ASSERT_THAT(series.nodes, SizeIs(1));
  EXPECT_THAT(series.nodes[0].operations_per_second, Each(testing::DoubleNear(100, 1e-6)));
}

TEST(TrialSeries, KeepsToItsBounds) {
  std::string text;
  for (int node = 0; node < 100; ++node)
    text += steady_worker("node" + std::to_string(node), "1.1", 0, 2);
  EXPECT_THAT(parse_series(text, {.bins = 10, .nodes = 7}).nodes, SizeIs(7));
  EXPECT_THAT(parse_series(text, {.workers = 3}).nodes, SizeIs(3));
  const TrialSeries series = parse_series(text, {.bins = 4});
  EXPECT_THAT(series.nodes.at(0).operations_per_second, SizeIs(testing::Le(4u)));
}

TEST(TrialEvents, AreReadWithTheirWords) {
  const std::vector<TrialEvent> events = parse_events(
      "{\"t\":0.5,\"event\":\"step\",\"step\":\"start\"}\n"
      "{\"t\":1.25,\"node\":\"node1\",\"event\":\"hello\",\"kernel\":\"6.1\"}\n"
      "{\"t\":9,\"node\":\"node2\",\"event\":\"lost\",\"what\":\"the machine ended\"}\n");
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].what, "start");
  EXPECT_EQ(events[1].node, "node1");
  EXPECT_EQ(events[1].at, 1.25);
  EXPECT_EQ(events[2].event, "lost");
  EXPECT_EQ(events[2].what, "the machine ended");
}

TEST(TrialEvents, PassOverWhatIsNoneAndACutLine) {
  EXPECT_THAT(parse_events("junk\n{\"t\":\"x\",\"event\":\"a\"}\n{\"t\":1}\n[]\n\n"
                           "{\"t\":1,\"event\":\"step\",\"step\":\"sto"),
              IsEmpty());
}

TEST(TrialEvents, AreAtMostSoMany) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "{\"t\":1,\"event\":\"note\"}\n";
  EXPECT_THAT(parse_events(text, 10), SizeIs(10));
}

}  // namespace
}  // namespace gridlock
