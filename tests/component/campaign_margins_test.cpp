// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "campaign/compare.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

Plan plan_of_two() {
  Plan plan = sample_plan();
  plan.workloads.resize(2);
  plan.workloads[0].name = "stream";
  plan.workloads[0].margin = 0.03;
  plan.workloads[1].name = "abba";
  return plan;
}

TEST(Margins, AreTheTopologysUnlessAnOptionSaysOtherwise) {
  CompareOptions options;
  EXPECT_THAT(margins_of(plan_of_two(), options),
              UnorderedElementsAre(Pair("stream", 0.03), Pair("abba", 0.05)));
  options.margins = {{"abba", 0.2}};
  EXPECT_THAT(margins_of(plan_of_two(), options),
              UnorderedElementsAre(Pair("stream", 0.03), Pair("abba", 0.2)));
  options.margin = 0.1;
  EXPECT_THAT(margins_of(plan_of_two(), options),
              UnorderedElementsAre(Pair("stream", 0.1), Pair("abba", 0.2)));
}

}  // namespace
}  // namespace gridlock
