// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/barriers.h"

#include <gmock/gmock.h>

#include "agent/wire.h"
#include "support/fake_event_loop.h"

namespace gridlock {
namespace {

using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A node whose programs are the test and whose clock differs from the host's by `offset`.
class BarrierAgent final : public Agent {
 public:
  explicit BarrierAgent(EventLoop& loop) : loop_(loop) {}

  const std::optional<Hello>& hello() const override { return hello_; }
  std::optional<SteadyTime> last_heard() const override { return {}; }
  const std::string& lost() const override { return lost_; }
  std::uint64_t garbage() const override { return 0; }
  void identify(const Identity&, Answer) override {}
  void refresh(nanoseconds, const std::string&, Answer) override {}
  JobId run(const Job&, JobHandlers) override { return 0; }
  void adopt(JobId, JobHandlers) override {}
  JobId last_job() const override { return 0; }
  void signal(JobId, int) override {}
  void write(JobId, std::string_view,
             std::function<void(const Reply&, std::size_t)>) override {}
  void close_input(JobId) override {}
  void resize(JobId, const TerminalSize&, Answer) override {}
  void tasks(JobId, Answer) override {}
  void forget(JobId) override {}
  void put(const std::string&, std::string_view, int, Answer) override {}
  void append(const std::string&, std::string_view, int, Answer) override {}
  void get(const std::string&, std::size_t, Answer) override {}
  void sysrq(char, Answer) override {}
  void power_off() override {}
  void measure_clock(Milliseconds limit,
                     std::function<void(std::optional<ClockOffset>)> done) override {
    ++measured;
    if (silent) return void(loop_.after(limit, [done] { done({}); }));
    loop_.after(Milliseconds{5}, [this, done] { done(ClockOffset{offset, nanoseconds{1}}); });
  }
  void on_barrier(std::function<void(const BarrierEvent&)> handler) override {
    handler_ = std::move(handler);
  }
  void release(const BarrierAnswer& answer) override { answers.push_back(answer); }

  void comes(const std::string& name, std::uint64_t waiter) { handler_({name, waiter, false}); }
  void goes(const std::string& name, std::uint64_t waiter) { handler_({name, waiter, true}); }
  bool heard() const { return handler_ != nullptr; }

  nanoseconds offset{0};
  bool silent = false;
  int measured = 0;
  std::vector<BarrierAnswer> answers;

 private:
  EventLoop& loop_;
  std::optional<Hello> hello_;
  std::string lost_;
  std::function<void(const BarrierEvent&)> handler_;
};

class BarriersTest : public testing::Test {
 protected:
  void SetUp() override {
    agents_[1].offset = nanoseconds{5'000'000};
    open();
  }
  void open() { barriers_.open({agents_[0].offset, agents_[1].offset, agents_[2].offset}); }
  std::size_t answers() const {
    return agents_[0].answers.size() + agents_[1].answers.size() + agents_[2].answers.size();
  }
  void all_come(const std::string& name, std::uint64_t waiter) {
    for (BarrierAgent& agent : agents_) agent.comes(name, waiter);
  }

  FakeEventLoop loop_;
  std::array<BarrierAgent, 3> agents_{BarrierAgent(loop_), BarrierAgent(loop_),
                                      BarrierAgent(loop_)};
  Crew crew_{loop_,
             {{NodeId{1}, "node1", &agents_[0]},
              {NodeId{2}, "node2", &agents_[1]},
              {NodeId{3}, "node3", &agents_[2]}},
             [] { return std::string(); }};
  Barriers barriers_{crew_};
};

TEST_F(BarriersTest, NobodyIsReleasedBeforeTheLastNodeComes) {
  agents_[0].comes("a", 1);
  agents_[1].comes("a", 1);
  EXPECT_EQ(answers(), 0U);
  agents_[2].comes("a", 1);
  EXPECT_EQ(answers(), 3U);
}

TEST_F(BarriersTest, TheInstantIsOneByEachNodesOwnClockAndLiesAhead) {
  all_come("a", 4);
  const nanoseconds at = agents_[0].answers.at(0).at;
  EXPECT_GT(at, nanoseconds(loop_.now().time_since_epoch()));
  EXPECT_EQ(agents_[1].answers.at(0).at, at + nanoseconds{5'000'000});
  EXPECT_EQ(agents_[2].answers.at(0).at, at);
  EXPECT_EQ(agents_[1].answers.at(0).barrier, "a");
  EXPECT_THAT(agents_[1].answers.at(0).waiters, ElementsAre(4));
  EXPECT_THAT(agents_[1].answers.at(0).error, IsEmpty());
}

TEST_F(BarriersTest, ThoseOfProgramsThatRunAlreadyMeasureTheClocksFirst) {
  barriers_.close();
  barriers_.open_running();
  all_come("a", 2);
  EXPECT_EQ(answers(), 0U);
  loop_.run_until([&] { return answers() == 3; }, Milliseconds{1'000}, {});
  ASSERT_EQ(answers(), 3U);
  EXPECT_EQ(agents_[1].answers.at(0).at, agents_[0].answers.at(0).at + nanoseconds{5'000'000});
  EXPECT_EQ(agents_[0].measured, 1);
}

TEST_F(BarriersTest, ANameCanBeUsedAgainAndAgain) {
  for (std::uint64_t turn = 1; turn <= 5; ++turn) {
    all_come("a", turn);
    ASSERT_EQ(answers(), 3 * turn);
    EXPECT_THAT(agents_[2].answers.back().waiters, ElementsAre(turn));
  }
}

TEST_F(BarriersTest, DifferentNamesDoNotMeet) {
  agents_[0].comes("a", 1);
  agents_[1].comes("b", 1);
  agents_[2].comes("a", 1);
  EXPECT_EQ(answers(), 0U);
}

TEST_F(BarriersTest, SeveralProgramsOfOneNodeCountOnceAndAreReleasedTogether) {
  agents_[0].comes("a", 1);
  agents_[0].comes("a", 2);
  agents_[0].comes("a", 3);
  EXPECT_EQ(answers(), 0U);
  agents_[1].comes("a", 1);
  agents_[2].comes("a", 1);
  EXPECT_THAT(agents_[0].answers.at(0).waiters, ElementsAre(1, 2, 3));
}

TEST_F(BarriersTest, AProgramThatWentAwayDoesNotCount) {
  agents_[0].comes("a", 1);
  agents_[0].goes("a", 1);
  agents_[1].comes("a", 1);
  agents_[2].comes("a", 1);
  EXPECT_EQ(answers(), 0U);
  agents_[0].comes("a", 2);
  EXPECT_EQ(answers(), 3U);
}

TEST_F(BarriersTest, AProgramThatIsReportedTwiceIsOne) {
  agents_[0].comes("a", 1);
  all_come("a", 1);
  EXPECT_THAT(agents_[0].answers.at(0).waiters, ElementsAre(1));
}

TEST_F(BarriersTest, GoingAwayFromABarrierNobodyKnowsIsNothing) {
  agents_[0].goes("never", 7);
  agents_[0].comes("a", 1);
  agents_[0].goes("a", 9);
  EXPECT_EQ(answers(), 0U);
}

TEST_F(BarriersTest, WhoWaitsForANodeWhoseProgramEndsIsRefused) {
  agents_[0].comes("a", 1);
  agents_[2].comes("a", 2);
  barriers_.program_ended(NodeId{2});
  ASSERT_EQ(answers(), 2U);
  EXPECT_EQ(agents_[0].answers.at(0).error, "node2's program ended before it came to barrier a");
  EXPECT_EQ(agents_[2].answers.at(0).error, agents_[0].answers.at(0).error);
}

TEST_F(BarriersTest, WhoComesAfterANodesProgramHasEndedIsRefused) {
  barriers_.program_ended(NodeId{3});
  agents_[1].comes("a", 1);
  ASSERT_EQ(answers(), 1U);
  EXPECT_THAT(agents_[1].answers.at(0).error, HasSubstr("node3's program ended"));
}

TEST_F(BarriersTest, NobodyWaitsForANodeThatIsGone) {
  agents_[0].comes("a", 1);
  agents_[1].comes("a", 2);
  barriers_.node_gone(NodeId{2});
  EXPECT_EQ(answers(), 0U) << "one that is left has not come";
  agents_[2].comes("a", 3);
  loop_.run_until([&] { return answers() == 2; }, Milliseconds{1'000}, {});
  EXPECT_THAT(agents_[0].answers.at(0).error, IsEmpty());
  EXPECT_EQ(agents_[2].answers.size(), 1U);
  EXPECT_TRUE(agents_[1].answers.empty());
  EXPECT_EQ(agents_[1].measured, 0);
}

TEST_F(BarriersTest, AProgramThatLeftAWaiterBehindStillCounts) {
  agents_[1].comes("a", 1);
  barriers_.program_ended(NodeId{2});
  agents_[0].comes("a", 1);
  agents_[2].comes("a", 1);
  ASSERT_EQ(answers(), 3U);
  EXPECT_THAT(agents_[0].answers.at(0).error, IsEmpty());
}

TEST_F(BarriersTest, WhoComesWhileNoProgramOfTheWorkloadRunsIsRefused) {
  agents_[0].comes("a", 1);
  barriers_.close();
  ASSERT_EQ(answers(), 1U);
  agents_[1].comes("a", 1);
  ASSERT_EQ(answers(), 2U);
  EXPECT_THAT(agents_[1].answers.at(0).error, HasSubstr("while they run"));
}

TEST_F(BarriersTest, OldClocksAreMeasuredAnewBeforeTheRelease) {
  loop_.advance(Milliseconds{60'000});
  agents_[1].offset = nanoseconds{7'000'000};
  all_come("a", 1);
  EXPECT_EQ(answers(), 0U);
  loop_.advance(Milliseconds{100});
  ASSERT_EQ(answers(), 3U);
  EXPECT_EQ(agents_[1].answers.at(0).at, agents_[0].answers.at(0).at + nanoseconds{7'000'000});
}

TEST_F(BarriersTest, ClocksThatStoodStillAreMeasuredAnewEvenInTheMiddleOfMeasuring) {
  barriers_.forget_clocks();
  all_come("a", 1);
  agents_[0].offset = nanoseconds{9};
  barriers_.forget_clocks();
  EXPECT_EQ(agents_[0].measured, 2);
  loop_.advance(Milliseconds{100});
  ASSERT_EQ(answers(), 3U);
  EXPECT_EQ(agents_[0].answers.at(0).at - agents_[2].answers.at(0).at, nanoseconds{9});
}

TEST_F(BarriersTest, ANodeThatDoesNotTellItsClockDoesNotHoldTheOthersForEver) {
  barriers_.forget_clocks();
  agents_[2].silent = true;
  all_come("a", 1);
  loop_.advance(Milliseconds{60'000});
  EXPECT_EQ(answers(), 3U);
}

TEST_F(BarriersTest, ANodeThatSendsWaitersWithoutEndIsBounded) {
  for (std::uint64_t i = 1; i <= 100'000; ++i) agents_[0].comes("b" + std::to_string(i), i);
  all_come("z", 200'000);
  EXPECT_EQ(answers(), 0U);
  barriers_.close();
  EXPECT_EQ(agents_[0].answers.size(), wire::kMostWaiters);
}

TEST(Barriers, AreHeardNoLongerThanTheyLive) {
  FakeEventLoop loop;
  BarrierAgent agent(loop);
  const Crew crew(loop, {{NodeId{1}, "node1", &agent}}, [] { return std::string(); });
  {
    Barriers barriers(crew);
    barriers.open({nanoseconds{0}});
    barriers.forget_clocks();
    EXPECT_TRUE(agent.heard());
    agent.comes("a", 1);
  }
  EXPECT_FALSE(agent.heard());
  loop.advance(Milliseconds{1'000});
  EXPECT_THAT(agent.answers, IsEmpty());
}

}  // namespace
}  // namespace gridlock
