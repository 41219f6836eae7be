// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Trials = std::vector<std::vector<SeenFinding>>;

SeenFinding seen(const std::string& identity) {
  return {identity, "title of " + identity, true, false};
}
SeenFinding in_pieces(const std::string& identity) { return {identity, "title", false, false}; }
SeenFinding consequence(const std::string& identity) { return {identity, "title", true, true}; }

std::vector<std::string> identities(const std::vector<ComparedFinding>& findings) {
  std::vector<std::string> result;
  for (const ComparedFinding& finding : findings) result.push_back(finding.identity);
  return result;
}

TEST(CompareFindings, SortsIdentitiesIntoFixedNewAndInBoth) {
  const auto result =
      compare_findings({{seen("z"), seen("b")}, {seen("a")}}, {{seen("b")}, {seen("c")}});
  EXPECT_THAT(identities(result.fixed), ElementsAre("a", "z"));
  EXPECT_THAT(identities(result.added), ElementsAre("c"));
  EXPECT_THAT(identities(result.in_both), ElementsAre("b"));
  EXPECT_EQ(result.fixed[0].title, "title of a");
  EXPECT_EQ(result.incomplete, 0);
}

TEST(CompareFindings, CountsTrialsAndNotReports) {
  const auto result =
      compare_findings({{seen("a"), seen("a"), seen("a")}, {}, {seen("a")}}, {{seen("a")}});
  ASSERT_THAT(identities(result.in_both), ElementsAre("a"));
  EXPECT_EQ(result.in_both[0].base_trials, 2);
  EXPECT_EQ(result.in_both[0].head_trials, 1);
}

TEST(CompareFindings, LeavesConsequencesOut) {
  const auto result =
      compare_findings({{seen("bug"), consequence("oops")}}, {{consequence("warning")}});
  EXPECT_THAT(identities(result.fixed), ElementsAre("bug"));
  EXPECT_THAT(result.added, IsEmpty());
  EXPECT_THAT(result.in_both, IsEmpty());
  EXPECT_EQ(result.incomplete, 0);
}

TEST(CompareFindings, CountsPiecesAndCallsThemNeitherFixedNorNew) {
  const auto result =
      compare_findings({{in_pieces("a"), seen("b")}}, {{in_pieces("c"), in_pieces("c")}});
  EXPECT_THAT(identities(result.fixed), ElementsAre("b"));
  EXPECT_THAT(result.added, IsEmpty());
  EXPECT_EQ(result.incomplete, 3);
}

TEST(CompareFindings, AFindingIsNotFixedWhileAPieceOfItIsStillThere) {
  const auto result =
      compare_findings({{seen("a")}, {in_pieces("b")}}, {{in_pieces("a")}, {seen("b")}});
  EXPECT_THAT(result.fixed, IsEmpty());
  EXPECT_THAT(result.added, IsEmpty());
  ASSERT_THAT(identities(result.in_both), ElementsAre("a", "b"));
  EXPECT_EQ(result.in_both[0].base_trials, 1);
  EXPECT_EQ(result.in_both[0].head_trials, 0);
}

TEST(CompareFindings, NothingGivesNothing) {
  const auto result = compare_findings(Trials{}, Trials{{}, {}});
  EXPECT_THAT(result.fixed, IsEmpty());
  EXPECT_THAT(result.added, IsEmpty());
  EXPECT_THAT(result.in_both, IsEmpty());
}

}  // namespace
}  // namespace gridlock
