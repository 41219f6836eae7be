// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/rate.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace gridlock {
namespace {

// Expected values: exact sums of binomial and hypergeometric probabilities, solved by bisection.

TEST(ExactRate, HasClopperAndPearsonsBounds) {
  const Rate some = exact_rate(23, 57);
  EXPECT_NEAR(some.value(), 0.40351, 1e-5);
  EXPECT_NEAR(some.low, 0.27561, 1e-5);
  EXPECT_NEAR(some.high, 0.54179, 1e-5);
}

TEST(ExactRate, HasOneBoundWhereNothingHappenedOrAlways) {
  const Rate never = exact_rate(0, 12);
  EXPECT_EQ(never.low, 0);
  EXPECT_NEAR(never.high, 0.22092, 1e-5);
  const Rate always = exact_rate(12, 12);
  EXPECT_NEAR(always.low, 1 - 0.22092, 1e-5);
  EXPECT_EQ(always.high, 1);
}

TEST(ExactRate, OfNoTrialsSaysNothing) {
  EXPECT_EQ(exact_rate(0, 0).low, 0);
  EXPECT_EQ(exact_rate(0, 0).high, 1);
  EXPECT_THROW(exact_rate(3, 2), Error);
}

TEST(FisherExact, AgreesWithThePublishedTables) {
  // The lady tasting tea: 3 of 4 against 1 of 4.
  EXPECT_NEAR(fisher_exact(3, 4, 1, 4), 0.48571, 1e-5);
  EXPECT_NEAR(fisher_exact(10, 12, 2, 12), 0.0033290, 1e-7);
  EXPECT_NEAR(fisher_exact(0, 12, 12, 12), 7.396e-7, 1e-9);
}

TEST(FisherExact, DoesNotCareWhichSideIsFirst) {
  EXPECT_DOUBLE_EQ(fisher_exact(31, 40, 35, 41), fisher_exact(35, 41, 31, 40));
  EXPECT_DOUBLE_EQ(fisher_exact(5, 40, 5, 40), 1);
  EXPECT_DOUBLE_EQ(fisher_exact(0, 0, 5, 40), 1);
}

}  // namespace
}  // namespace gridlock
