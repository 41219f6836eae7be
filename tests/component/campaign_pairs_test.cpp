// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/pairs.h"

#include <gmock/gmock.h>

#include <map>

#include "campaign/host_health.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Runs pairs as a comparison does, without labs.
struct Campaign {
  Pairs pairs{{"self-read", "abba"}, 6, 2, 99};
  CompareRecord record;
  int trials = 0;

  void run(const NextPair& next, const std::string& spoilt = "") {
    auto& list = next.same ? record.same_pairs : record.pairs_run;
    const int first = ++trials, second = ++trials;
    list.push_back({next.number, next.trial, next.head_first, next.head_first ? second : first,
                    next.head_first ? first : second, spoilt});
  }
  std::vector<NextPair> run_all() {
    std::vector<NextPair> all;
    while (const auto next = pairs.next(record)) {
      all.push_back(*next);
      run(*next);
    }
    return all;
  }
};

TEST(Pairs, EveryTrialHasItsNthPairBeforeOneHasItsNext) {
  Campaign campaign;
  std::vector<std::string> order;
  for (const NextPair& pair : campaign.run_all())
    order.push_back(pair.trial + (pair.same ? " same " : " ") + std::to_string(pair.number));
  ASSERT_EQ(order.size(), 16u);
  order.resize(6);
  EXPECT_THAT(order, ElementsAre("self-read 1", "abba 1", "self-read same 1", "abba same 1",
                                 "self-read 2", "abba 2"));
  EXPECT_EQ(campaign.pairs.complete(campaign.record), 6);
}

TEST(Pairs, AsManyBeginWithHeadAsWithBase) {
  Campaign campaign;
  std::map<std::string, int> head_first;
  for (const NextPair& pair : campaign.run_all())
    if (!pair.same) head_first[pair.trial] += pair.head_first ? 1 : 0;
  EXPECT_EQ(head_first["self-read"], 3);
  EXPECT_EQ(head_first["abba"], 3);
}

TEST(Pairs, ASpoiltPairIsRunAgainInTheSameOrder) {
  Campaign campaign;
  const NextPair first = *campaign.pairs.next(campaign.record);
  campaign.run(first, "trial 2: QEMU was killed");
  const NextPair again = *campaign.pairs.next(campaign.record);
  EXPECT_EQ(again.trial, first.trial);
  EXPECT_EQ(again.number, first.number);
  EXPECT_EQ(again.head_first, first.head_first);
}

TEST(Pairs, WhatWasInterruptedGoesOnWithThePairThatWasNotFinished) {
  Campaign campaign;
  campaign.run(*campaign.pairs.next(campaign.record));
  const NextPair second = *campaign.pairs.next(campaign.record);
  campaign.record.pairs_run.push_back({second.number, second.trial, second.head_first, 3, 0, ""});
  close_interrupted(campaign.record);
  EXPECT_EQ(campaign.record.pairs_run.back().spoilt, "interrupted");
  EXPECT_EQ(campaign.record.pairs_run.front().spoilt, "");
  const NextPair next = *campaign.pairs.next(campaign.record);
  EXPECT_EQ(next.trial, second.trial);
  EXPECT_EQ(next.number, second.number);
  EXPECT_EQ(next.head_first, second.head_first);
}

TEST(Pairs, TheOrderIsOfTheSeedAlone) {
  const auto orders = [](std::uint64_t seed) {
    Campaign campaign{Pairs{{"self-read", "abba"}, 24, 0, seed}, {}, 0};
    std::vector<bool> all;
    for (const NextPair& pair : campaign.run_all()) all.push_back(pair.head_first);
    return all;
  };
  EXPECT_EQ(orders(1), orders(1));
  EXPECT_NE(orders(1), orders(2));
}

class HostHealth : public testing::Test {
 protected:
  HealthRecord health() const { return host_health(before_, after_, sample_plan(), 2); }
  HostReading before_{ProcessorTicks{1'000, 500, 100, 10}, 2.5, Bytes::mib(4'096), 0, {}};
  HostReading after_{ProcessorTicks{2'000, 900, 200, 20}, 3, Bytes::mib(2'048), 0, {}};
};

TEST_F(HostHealth, IsWellAndSaysHowItWas) {
  const HealthRecord record = health();
  EXPECT_THAT(record.problems, IsEmpty());
  EXPECT_DOUBLE_EQ(*record.steal, 0.01);
  EXPECT_DOUBLE_EQ(*record.iowait, 0.1);
  EXPECT_EQ(record.memory_available_bytes, Bytes::mib(2'048).count);
}

TEST_F(HostHealth, NamesWhatKeepsATrialFromBeingCompared) {
  after_.ticks->steal = 110;
  after_.other_machines = 2;
  after_.available_memory = Bytes::mib(100);
  after_.clock_offset = std::chrono::seconds(-2);
  before_.load = 20;
  EXPECT_THAT(health().problems, ElementsAre("more than 5 % of the processors' time was stolen",
                                             "another QEMU ran beside it", "the clock was set",
                                             "less than 256 MiB of memory were free",
                                             "the load before it was above 6"));
}

TEST_F(HostHealth, WhatTheHostDoesNotTellIsAbsent) {
  after_.ticks.reset();
  EXPECT_FALSE(health().steal);
  EXPECT_FALSE(health().iowait);
}

}  // namespace
}  // namespace gridlock
