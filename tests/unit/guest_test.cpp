// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/agent.h"

#include <gmock/gmock.h>

#include "agent/wire.h"
#include "base/json.h"
#include "support/fake_event_loop.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A channel whose other end is the test.
class ScriptedChannel final : public LineChannel {
 public:
  void on_bytes(std::function<void(std::string_view)> handler) override {
    bytes_ = std::move(handler);
  }
  void on_lost(std::function<void(const std::string&)> handler) override {
    lost_ = std::move(handler);
  }
  void send(std::string_view line) override { sent.emplace_back(line); }

  void say(std::string_view bytes) { bytes_(bytes); }
  void say_line(const Json& message) { bytes_(message.dump() + "\n"); }
  void lose(const std::string& why) { lost_(why); }
  /// The last request, which must be of this kind.
  Json asked(const std::string& kind) const {
    const auto request = sent.empty() ? std::nullopt : parse_json(sent.back());
    if (!request || text_or(*request, "request", "") != kind) {
      ADD_FAILURE() << "expected a request " << kind << ", got "
                    << (sent.empty() ? "nothing" : sent.back());
      return Json::object();
    }
    return *request;
  }
  void agree(const std::string& kind, Json members = Json::object()) {
    Json answer{{"id", asked(kind)["id"]}, {"ok", true}};
    answer.update(members);
    say_line(answer);
  }

  std::vector<std::string> sent;

 private:
  std::function<void(std::string_view)> bytes_;
  std::function<void(const std::string&)> lost_;
};

class GuestAgent : public testing::Test {
 protected:
  GuestAgent() {
    auto channel = std::make_unique<ScriptedChannel>();
    channel_ = channel.get();
    agent_ = make_agent(std::move(channel), loop_);
  }

  void say_hello() {
    channel_->say_line(Json{{"event", "hello"},
                            {"protocol", 1},
                            {"boot_id", "b1"},
                            {"kernel", "6.1.0"},
                            {"version", "#1 SMP"}});
  }

  FakeEventLoop loop_;
  ScriptedChannel* channel_ = nullptr;
  std::unique_ptr<Agent> agent_;
};

TEST_F(GuestAgent, AsksForHelloAndKnowsTheNodeAfterIt) {
  channel_->asked("hello");
  EXPECT_FALSE(agent_->hello());
  EXPECT_FALSE(agent_->last_heard());
  loop_.advance(Milliseconds{70});
  say_hello();
  ASSERT_TRUE(agent_->hello());
  EXPECT_EQ(agent_->hello()->kernel, "6.1.0");
  EXPECT_EQ(agent_->last_heard(), loop_.now());
}

TEST_F(GuestAgent, RefusesAHelloOfAnotherProtocol) {
  channel_->say_line(Json{{"event", "hello"}, {"protocol", 2}});
  EXPECT_FALSE(agent_->hello());
  EXPECT_EQ(agent_->garbage(), 1U);
}

TEST_F(GuestAgent, UnderstandsTheLineAfterGarbage) {
  channel_->say("\x01\xff half of a line\n{\"event\":\n[[[[\n\"text\"\n");
  EXPECT_EQ(agent_->garbage(), 4U);
  EXPECT_FALSE(agent_->last_heard());
  say_hello();
  EXPECT_TRUE(agent_->hello());
}

TEST_F(GuestAgent, SkipsALineThatIsTooLong) {
  const std::string flood(wire::kLineLimit, 'x');
  channel_->say(flood);
  channel_->say(flood);
  channel_->say("\n");
  EXPECT_EQ(agent_->garbage(), 1U);
  say_hello();
  EXPECT_TRUE(agent_->hello());
}

TEST_F(GuestAgent, IdentifySendsEverythingTheNodeNeeds) {
  std::optional<Reply> reply;
  agent_->identify({NodeId{2},
                    "node2",
                    "10.77.0.2",
                    "52:54:00:47:4c:02",
                    std::chrono::nanoseconds(1'800'000'000'000'000'000),
                    std::string(32, 'e'),
                    {{"node1", "10.77.0.1"}, {"node2", "10.77.0.2"}}},
                   [&](const Reply& r) { reply = r; });
  const Json request = channel_->asked("identify");
  EXPECT_EQ(request["node"], 2);
  EXPECT_EQ(request["realtime"], 1'800'000'000'000'000'000);
  EXPECT_EQ(wire::from_base64(request["entropy"].get<std::string>()), std::string(32, 'e'));
  EXPECT_EQ(request["hosts"][0]["address"], "10.77.0.1");
  EXPECT_FALSE(reply);
  channel_->agree("identify");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
}

TEST_F(GuestAgent, StreamsAJobAndTellsItsEndOnce) {
  std::string output, errors;
  std::vector<JobEnd> ends;
  const auto job = agent_->run(
      {.argv = {"fio", "--version"},
       .environment = {{"A", "b"}},
       .input = "in",
       .at = std::chrono::nanoseconds(77)},
      {[&](std::string_view b) { output += b; }, [&](std::string_view b) { errors += b; },
       [&](const JobEnd& e) { ends.push_back(e); }});
  const Json request = channel_->asked("run");
  EXPECT_EQ(request["process"], job);
  EXPECT_EQ(request["argv"], (Json{"fio", "--version"}));
  EXPECT_EQ(request["env"]["A"], "b");
  EXPECT_EQ(request["at"], 77);
  channel_->agree("run");
  const auto say = [&](const char* stream, const char* text) {
    channel_->say_line(Json{{"event", "output"},
                            {"process", job},
                            {"stream", stream},
                            {"data", wire::to_base64(text)}});
  };
  say("stdout", "fio-");
  say("stderr", "oh");
  say("stdout", "3.33\n");
  const Json exit{{"event", "exit"}, {"process", job}, {"status", 0}, {"signal", nullptr}};
  channel_->say_line(exit);
  channel_->say_line(exit);
  EXPECT_EQ(output, "fio-3.33\n");
  EXPECT_EQ(errors, "oh");
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_TRUE(ends[0].ok());
}

TEST_F(GuestAgent, RefreshSendsTheTimeAndFreshEntropy) {
  std::optional<Reply> reply;
  agent_->refresh(std::chrono::nanoseconds(77), std::string(32, 'e'),
                  [&](const Reply& got) { reply = got; });
  const Json request = channel_->asked("refresh");
  EXPECT_EQ(request["realtime"], 77);
  EXPECT_EQ(wire::from_base64(request["entropy"].get<std::string>()), std::string(32, 'e'));
  channel_->agree("refresh");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
}

TEST_F(GuestAgent, AnAdoptedJobIsHeardAndItsNumberTaken) {
  std::string output;
  std::optional<JobEnd> end;
  JobHandlers handlers;
  handlers.on_output = [&](std::string_view bytes) { output += bytes; };
  handlers.on_end = [&](const JobEnd& how) { end = how; };
  agent_->adopt(7, handlers);
  EXPECT_EQ(agent_->last_job(), 7U);
  channel_->say_line({{"event", "output"}, {"process", 7}, {"stream", "stdout"}, {"data", "aGk="}});
  EXPECT_EQ(output, "hi");
  EXPECT_EQ(agent_->run(Job{{"true"}}, {}), 8U);
  channel_->say_line({{"event", "exit"}, {"process", 7}, {"status", 0}, {"signal", nullptr}});
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->ok());
}

TEST_F(GuestAgent, ARefusedJobEndsWithTheReason) {
  std::string why;
  agent_->run({.argv = {"x"}}, {.on_end = [&](const JobEnd& e) { why = e.error; }});
  channel_->say_line(
      Json{{"id", channel_->asked("run")["id"]}, {"ok", false}, {"error", "too many"}});
  EXPECT_EQ(why, "too many");
}

TEST_F(GuestAgent, AForgottenJobIsSilent) {
  bool heard = false;
  const auto job =
      agent_->run({.argv = {"x"}}, {.on_output = [&](std::string_view) { heard = true; },
                                    .on_end = [&](const JobEnd&) { heard = true; }});
  agent_->forget(job);
  channel_->say_line(
      Json{{"event", "output"}, {"process", job}, {"stream", "stdout"}, {"data", "YQ=="}});
  channel_->say_line(Json{{"event", "exit"}, {"process", job}, {"status", 0}});
  EXPECT_FALSE(heard);
  EXPECT_EQ(agent_->garbage(), 0U);
}

TEST_F(GuestAgent, OutputThatIsNotBase64IsGarbage) {
  const auto job = agent_->run({.argv = {"x"}}, {});
  channel_->say_line(
      Json{{"event", "output"}, {"process", job}, {"stream", "stdout"}, {"data", "@@"}});
  EXPECT_EQ(agent_->garbage(), 1U);
}

TEST_F(GuestAgent, AHostileEndIsNotBelieved) {
  int ends = 0;
  const auto job = agent_->run({.argv = {"x"}}, {.on_end = [&](const JobEnd&) { ++ends; }});
  channel_->say_line(Json{{"event", "exit"}, {"process", job}});
  channel_->say_line(Json{{"event", "exit"}, {"process", job}, {"status", -1}});
  channel_->say_line(Json{{"event", "exit"}, {"process", job}, {"status", 1e300}});
  channel_->say_line(Json{{"event", "exit"}, {"process", "1"}, {"status", 0}});
  EXPECT_EQ(ends, 0);
  EXPECT_EQ(agent_->garbage(), 4U);
}

TEST_F(GuestAgent, GetJoinsPartsUpToItsLimit) {
  Reply reply;
  agent_->get("/sys/kernel/debug/x", 1'000'000, [&](const Reply& r) { reply = r; });
  EXPECT_EQ(channel_->asked("get")["offset"], 0);
  channel_->agree("get", {{"data", wire::to_base64("first ")}, {"end", false}});
  EXPECT_EQ(channel_->asked("get")["offset"], 6);
  channel_->agree("get", {{"data", wire::to_base64("second")}, {"end", true}});
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(reply.data, "first second");
}

TEST_F(GuestAgent, GetTakesSeveralAnswersToOneRequestHoweverLongTheyTake) {
  std::optional<Reply> reply;
  agent_->get("/x", 64 << 20, [&](const Reply& r) { reply = r; });
  EXPECT_EQ(channel_->asked("get")["whole"], true);
  EXPECT_EQ(channel_->asked("get")["limit"], 64 << 20);
  const std::size_t asked = channel_->sent.size();
  const std::string piece(wire::kGetLimit, 'p');
  for (int i = 0; i < 300; ++i) {
    loop_.advance(Milliseconds{50'000});
    channel_->agree("get", {{"data", wire::to_base64(piece)}, {"more", true}});
    ASSERT_FALSE(reply) << reply->error;
  }
  channel_->agree("get", {{"data", wire::to_base64("end")}, {"end", true}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error, "");
  EXPECT_EQ(reply->data.size(), 300 * piece.size() + 3);
  EXPECT_EQ(channel_->sent.size(), asked);
}

TEST_F(GuestAgent, GetThatStopsInTheMiddleEnds) {
  std::optional<Reply> reply;
  agent_->get("/x", 1'000'000, [&](const Reply& r) { reply = r; });
  channel_->agree("get", {{"data", wire::to_base64("some")}, {"more", true}});
  loop_.advance(Milliseconds{61'000});
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->ok());
  EXPECT_TRUE(reply->data.empty());
}

TEST_F(GuestAgent, GetRefusesPiecesThatLeadNowhere) {
  for (const Json& wrong :
       {Json{{"data", ""}, {"more", true}}, Json{{"data", "@"}, {"more", true}},
        Json{{"more", true}}, Json{{"data", wire::to_base64("more than four")}, {"more", true}}}) {
    std::optional<Reply> reply;
    agent_->get("/x", 4, [&](const Reply& r) { reply = r; });
    channel_->agree("get", wrong);
    ASSERT_TRUE(reply) << wrong;
    EXPECT_FALSE(reply->ok()) << wrong;
  }
}

TEST_F(GuestAgent, OnlyAReadMayHaveSeveralAnswers) {
  std::optional<Reply> reply;
  agent_->sysrq('w', [&](const Reply& r) { reply = r; });
  channel_->agree("sysrq", {{"more", true}});
  EXPECT_TRUE(reply);
}

TEST_F(GuestAgent, AsksForATerminalWritesToItAndResizesIt) {
  const auto job = agent_->run({.argv = {"sh"}, .terminal = TerminalSize{30, 90}}, {});
  EXPECT_EQ(channel_->asked("run")["terminal"], Json({{"rows", 30}, {"columns", 90}}));
  std::size_t taken = 99;
  agent_->write(job, "abc", [&](const Reply&, std::size_t count) { taken = count; });
  EXPECT_EQ(channel_->asked("write")["data"], wire::to_base64("abc"));
  // More than it was given a node cannot have taken.
  channel_->agree("write", {{"taken", 1'000'000}});
  EXPECT_EQ(taken, 3U);
  agent_->resize(job, {31, 91}, {});
  EXPECT_EQ(channel_->asked("resize")["columns"], 91);
  agent_->close_input(job);
  EXPECT_EQ(channel_->asked("close")["process"], job);
}

TEST_F(GuestAgent, AnAgentThatKnowsNoTasksAnswersWithAnError) {
  std::optional<Reply> reply;
  agent_->tasks(0, [&](const Reply& r) { reply = r; });
  channel_->say_line(
      {{"id", channel_->asked("tasks")["id"]}, {"ok", false}, {"error", "unknown request"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error, "unknown request");
}

TEST_F(GuestAgent, TasksAreATextOfBoundedLength) {
  std::optional<Reply> reply;
  agent_->tasks(7, [&](const Reply& r) { reply = r; });
  EXPECT_EQ(channel_->asked("tasks")["process"], 7);
  channel_->agree("tasks", {{"data", wire::to_base64("task 1 1\n")}});
  EXPECT_EQ(reply->data, "task 1 1\n");
  agent_->tasks(7, [&](const Reply& r) { reply = r; });
  channel_->agree("tasks", {{"data", wire::to_base64(std::string(150'000, 't'))}});
  EXPECT_FALSE(reply->ok());
}

TEST_F(GuestAgent, GetRefusesMoreThanItAskedFor) {
  Reply reply;
  agent_->get("/x", 4, [&](const Reply& r) { reply = r; });
  channel_->agree("get", {{"data", wire::to_base64("much too much")}, {"end", true}});
  EXPECT_FALSE(reply.ok());
}

TEST_F(GuestAgent, PutSendsLargeDataInPartsOneAfterTheOther) {
  std::optional<Reply> reply;
  const std::string data(wire::kGetLimit + 3, 'd');
  agent_->put("/etc/x", data, 0644, [&](const Reply& r) { reply = r; });
  EXPECT_EQ(channel_->asked("put")["append"], false);
  const std::size_t before = channel_->sent.size();
  channel_->agree("put");
  ASSERT_EQ(channel_->sent.size(), before + 1);
  EXPECT_EQ(channel_->asked("put")["append"], true);
  EXPECT_FALSE(reply);
  channel_->agree("put");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
}

TEST_F(GuestAgent, ALostNodeFailsWhatIsPendingAndWhatComesLater) {
  std::vector<std::string> errors;
  bool ended = false;
  agent_->put("/a", "b", 0644, [&](const Reply& r) { errors.push_back(r.error); });
  agent_->run({.argv = {"x"}}, {.on_end = [&](const JobEnd&) { ended = true; }});
  channel_->lose("the node's port was closed");
  EXPECT_EQ(agent_->lost(), "the node's port was closed");
  agent_->sysrq('w', [&](const Reply& r) { errors.push_back(r.error); });
  loop_.settle();
  EXPECT_THAT(errors, ElementsAre(HasSubstr("port was closed"), HasSubstr("port was closed")));
  EXPECT_FALSE(ended) << "nobody knows how the job ended";
}

TEST_F(GuestAgent, ASilentNodeAnswersWithAnErrorInTheEnd) {
  Reply reply;
  agent_->sysrq('w', [&](const Reply& r) { reply = r; });
  loop_.advance(std::chrono::minutes(2));
  EXPECT_THAT(reply.error, HasSubstr("no answer in"));
}

TEST_F(GuestAgent, MeasuresTheClockByItsFastestPing) {
  std::optional<Agent::ClockOffset> offset;
  bool done = false;
  agent_->measure_clock(std::chrono::seconds(2), [&](auto found) {
    offset = found;
    done = true;
  });
  const auto guest_ahead = std::chrono::hours(5);
  for (const int way : {9, 3, 1, 7, 4, 4, 4, 4}) {
    EXPECT_FALSE(done);
    loop_.advance(Milliseconds{way});
    const auto guest = (loop_.now() + guest_ahead).time_since_epoch();
    loop_.advance(Milliseconds{way});
    channel_->agree("ping", {{"monotonic", std::chrono::nanoseconds(guest).count()}});
  }
  ASSERT_TRUE(done);
  ASSERT_TRUE(offset);
  EXPECT_EQ(offset->offset, guest_ahead);
  EXPECT_EQ(offset->uncertainty, Milliseconds{1});
}

TEST_F(GuestAgent, AClockThatCannotBeMeasuredIsAbsent) {
  bool done = false;
  std::optional<Agent::ClockOffset> offset;
  agent_->measure_clock(std::chrono::seconds(2), [&](auto found) {
    offset = found;
    done = true;
  });
  loop_.advance(std::chrono::seconds(3));
  EXPECT_TRUE(done);
  EXPECT_FALSE(offset);
}

TEST(Base64, KnowsTheTestVectorsOfTheStandard) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(wire::to_base64(bytes), text);
    EXPECT_EQ(wire::from_base64(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm 9", "Zm9-"})
    EXPECT_FALSE(wire::from_base64(text)) << text;
}

TEST(FakeEventLoop, RunsTimersInOrderAndStopsAtTheDeadline) {
  FakeEventLoop loop;
  std::vector<int> ran;
  loop.after(Milliseconds{20}, [&] { ran.push_back(2); });
  loop.after(Milliseconds{10}, [&] {
    ran.push_back(1);
    loop.post([&] { ran.push_back(10); });
  });
  const auto cancelled = loop.after(Milliseconds{15}, [&] { ran.push_back(99); });
  loop.cancel(cancelled);
  loop.after(Milliseconds{50}, [&] { ran.push_back(5); });
  EXPECT_EQ(loop.run_until([] { return false; }, Milliseconds{30}, {}), Waited::deadline);
  EXPECT_THAT(ran, ElementsAre(1, 10, 2));
  EXPECT_EQ(loop.now(), FakeEventLoop::kStart + Milliseconds{30});
  EXPECT_EQ(loop.run_until([&] { return ran.size() == 4; }, Milliseconds{100}, {}), Waited::done);
}

TEST_F(GuestAgent, HearsWhoWaitsAtABarrierAndWhoWentAway) {
  std::vector<BarrierEvent> heard;
  agent_->on_barrier([&](const BarrierEvent& event) { heard.push_back(event); });
  channel_->say_line(Json{{"event", "barrier"}, {"barrier", "a.b-c_1"}, {"waiter", 7}});
  channel_->say_line(
      Json{{"event", "barrier"}, {"barrier", "a.b-c_1"}, {"waiter", 7}, {"gone", true}});
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0].barrier, "a.b-c_1");
  EXPECT_EQ(heard[0].waiter, 7U);
  EXPECT_FALSE(heard[0].gone);
  EXPECT_TRUE(heard[1].gone);
  EXPECT_EQ(agent_->garbage(), 0U);
}

TEST_F(GuestAgent, RefusesABarrierWithoutAProperNameOrNumber) {
  agent_->on_barrier([](const BarrierEvent& event) { ADD_FAILURE() << event.barrier; });
  for (const Json& wrong :
       {Json{{"event", "barrier"}, {"waiter", 1}},
        Json{{"event", "barrier"}, {"barrier", "a b"}, {"waiter", 1}},
        Json{{"event", "barrier"}, {"barrier", std::string(41, 'a')}, {"waiter", 1}},
        Json{{"event", "barrier"}, {"barrier", "a"}},
        Json{{"event", "barrier"}, {"barrier", "a"}, {"waiter", -1}}})
    channel_->say_line(wrong);
  EXPECT_EQ(agent_->garbage(), 5U);
}

TEST_F(GuestAgent, ABarrierNobodyHearsIsUnderstood) {
  channel_->say_line(Json{{"event", "barrier"}, {"barrier", "a"}, {"waiter", 1}});
  EXPECT_EQ(agent_->garbage(), 0U);
}

TEST_F(GuestAgent, ReleasesWithAnInstantOrRefusesWithAReason) {
  agent_->release({"a", {1, 2}, std::chrono::nanoseconds(77), {}});
  Json request = channel_->asked("release");
  EXPECT_EQ(request["barrier"], "a");
  EXPECT_EQ(request["waiters"], Json::array({1, 2}));
  EXPECT_EQ(request["at"], 77);
  EXPECT_FALSE(request.contains("error"));
  agent_->release({"a", {3}, {}, "never"});
  request = channel_->asked("release");
  EXPECT_EQ(request["error"], "never");
  EXPECT_FALSE(request.contains("at"));
}

TEST_F(GuestAgent, AppendAsksForOnePieceAndKeepsTheMode) {
  std::optional<Reply> reply;
  agent_->append("/x", "abc", 0755, [&](const Reply& r) { reply = r; });
  const Json request = channel_->asked("put");
  EXPECT_EQ(request["append"], true);
  EXPECT_EQ(request["mode"], 0755);
  channel_->agree("put");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
}

}  // namespace
}  // namespace gridlock
