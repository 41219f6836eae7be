// SPDX-License-Identifier: GPL-2.0-or-later
// Programs that really wait at a barrier: agents as ordinary processes, `gridlock-barrier` as their
// jobs, and the host's own barriers between them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <cstring>

#include "agent/wire.h"
#include "guest/crew.h"
#include "support/poll_event_loop.h"
#include "support/temp_dir.h"
#include "workload/barriers.h"

extern char** environ;

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr Milliseconds kPatience{20'000};
constexpr const char* kBarrier = GRIDLOCK_BINARY_DIR "/node/gridlock-barrier";

struct Ran {
  std::string output;
  std::string errors;
  std::optional<JobEnd> end;
};

/// One agent, listening for waiters at a path of its own.
class Node {
 public:
  Node(const std::filesystem::path& folder, int number, EventLoop& loop)
      : barriers_(folder / ("barriers" + std::to_string(number))) {
    const std::filesystem::path path = folder / ("port" + std::to_string(number));
    const Descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    agent_ = make_agent(connect_channel(path, loop), loop);
    loop.run_until([] { return false; }, Milliseconds{1}, {});
    const Descriptor port{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    EXPECT_GE(port.get(), 0);
    std::string words[] = {GRIDLOCK_BINARY_DIR "/node/gridlock-agent", "--fd",
                           std::to_string(port.get()), "--barriers", barriers_};
    char* const argv[] = {words[0].data(), words[1].data(), words[2].data(),
                          words[3].data(), words[4].data(), nullptr};
    ::fcntl(port.get(), F_SETFD, 0);
    EXPECT_EQ(::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv, environ), 0);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() {
    agent_.reset();
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  Agent* agent() { return agent_.get(); }
  const std::string& barriers() const { return barriers_; }
  Job barrier(const std::string& name) const {
    return {.argv = {kBarrier, "--socket", barriers_, name}};
  }
  Agent::JobId start(const Job& job, Ran& ran) {
    return agent_->run(job, {[&](std::string_view b) { ran.output += b; },
                             [&](std::string_view b) { ran.errors += b; },
                             [&](const JobEnd& end) { ran.end = end; }});
  }

 private:
  std::string barriers_;
  std::unique_ptr<Agent> agent_;
  pid_t pid_ = -1;
};

class BarrierProcess : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(wait([&] { return nodes_[0].agent()->hello() && nodes_[1].agent()->hello(); }));
  }
  bool wait(const std::function<bool()>& condition) {
    return loop_.run_until(condition, kPatience, {}) == Waited::done;
  }
  /// Whether the condition never comes about while other things are known to have happened: a
  /// program on each node was run from beginning to end.
  void let_things_happen() {
    std::array<Ran, 2> ran;
    for (std::size_t i = 0; i < 2; ++i) nodes_[i].start({.argv = {"true"}}, ran[i]);
    ASSERT_TRUE(wait([&] { return ran[0].end && ran[1].end; }));
  }
  void open() {
    const std::chrono::nanoseconds same{0};  // all are this machine
    barriers_.open({same, same});
  }

  TempDir temp_;
  PollEventLoop loop_;
  std::array<Node, 2> nodes_{Node(temp_.path(), 1, loop_), Node(temp_.path(), 2, loop_)};
  Crew crew_{loop_,
             {{NodeId{1}, "node1", nodes_[0].agent()}, {NodeId{2}, "node2", nodes_[1].agent()}},
             [] { return std::string(); }};
  Barriers barriers_{crew_};
};

TEST_F(BarrierProcess, ProgramsGoOnTogetherAndNotBeforeTheLastHasCome) {
  open();
  std::array<Ran, 2> ran;
  nodes_[0].start(nodes_[0].barrier("ready"), ran[0]);
  let_things_happen();
  EXPECT_FALSE(ran[0].end);
  nodes_[1].start(nodes_[1].barrier("ready"), ran[1]);
  ASSERT_TRUE(wait([&] { return ran[0].end && ran[1].end; }));
  for (const Ran& one : ran) {
    EXPECT_EQ(one.end->status, 0) << one.errors;
    EXPECT_EQ(one.output + one.errors, "");
  }
}

TEST_F(BarrierProcess, ANameServesTurnAfterTurn) {
  open();
  std::array<Ran, 2> ran;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string call = std::string(kBarrier) + " --socket " + nodes_[i].barriers() + " turn";
    nodes_[i].start({.argv = {"/bin/sh", "-ec", call + "; echo 1; " + call + "; echo 2; " + call}},
                    ran[i]);
  }
  ASSERT_TRUE(wait([&] { return ran[0].end && ran[1].end; }));
  for (const Ran& one : ran) {
    EXPECT_EQ(one.end->status, 0) << one.errors;
    EXPECT_EQ(one.output, "1\n2\n");
  }
}

TEST_F(BarrierProcess, AProgramThatIsKilledWaitsNoLonger) {
  open();
  std::array<Ran, 3> ran;
  const auto job = nodes_[0].start(nodes_[0].barrier("ready"), ran[0]);
  let_things_happen();
  nodes_[0].agent()->signal(job, SIGKILL);
  ASSERT_TRUE(wait([&] { return ran[0].end.has_value(); }));
  let_things_happen();
  nodes_[1].start(nodes_[1].barrier("ready"), ran[1]);
  let_things_happen();
  EXPECT_FALSE(ran[1].end);
  nodes_[0].start(nodes_[0].barrier("ready"), ran[2]);
  ASSERT_TRUE(wait([&] { return ran[1].end && ran[2].end; }));
  EXPECT_EQ(ran[1].end->status, 0) << ran[1].errors;
}

TEST_F(BarrierProcess, WhoCanNeverGoOnSaysWhyAndEndsWithStatus1) {
  open();
  Ran ran;
  nodes_[0].start(nodes_[0].barrier("ready"), ran);
  barriers_.program_ended(NodeId{2});
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_EQ(ran.end->status, 1);
  EXPECT_EQ(ran.errors,
            "gridlock-barrier: node2's program ended before it came to barrier ready\n");
}

TEST_F(BarrierProcess, OneMoreThanMayWaitIsToldSoAndTheOthersGoOn) {
  open();
  std::vector<Ran> ran(wire::kMostWaiters + 1);
  for (Ran& one : ran) nodes_[0].start(nodes_[0].barrier("ready"), one);
  const auto ended = [&] {
    return std::count_if(ran.begin(), ran.end(), [](const Ran& one) { return !!one.end; });
  };
  ASSERT_TRUE(wait([&] { return ended() == 1; }));
  const auto refused =
      std::find_if(ran.begin(), ran.end(), [](const Ran& one) { return one.end.has_value(); });
  EXPECT_EQ(refused->end->status, 1);
  EXPECT_THAT(refused->errors, HasSubstr("64 programs of this node wait at barriers already"));
  Ran other;
  nodes_[1].start(nodes_[1].barrier("ready"), other);
  ASSERT_TRUE(wait([&] { return ended() == static_cast<long>(ran.size()) && other.end; }));
  EXPECT_EQ(
      std::count_if(ran.begin(), ran.end(), [](const Ran& one) { return one.end->status == 0; }),
      static_cast<long>(wire::kMostWaiters));
}

TEST_F(BarrierProcess, WrongWordsAreAUsageErrorAndAMissingAgentAnError) {
  Ran usage, missing;
  nodes_[0].start(nodes_[0].barrier("a b"), usage);
  nodes_[0].start({.argv = {kBarrier, "--socket", temp_.path() / "none", "a"}}, missing);
  ASSERT_TRUE(wait([&] { return usage.end && missing.end; }));
  EXPECT_EQ(usage.end->status, 2);
  EXPECT_THAT(usage.errors, HasSubstr("usage: gridlock-barrier"));
  EXPECT_EQ(missing.end->status, 1);
  EXPECT_THAT(missing.errors, HasSubstr("No such file"));
}

class BarrierSocket : public BarrierProcess {
 protected:
  /// A connection that says what no program of ours would.
  Descriptor connect() {
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, nodes_[0].barriers().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static void say(const Descriptor& socket, std::string_view text) {
    EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// All that is answered until the agent closes.
  static std::string answer(const Descriptor& socket) {
    std::string all;
    char buffer[512];
    ssize_t count = 0;
    while ((count = ::read(socket.get(), buffer, sizeof buffer)) > 0)
      all.append(buffer, static_cast<std::size_t>(count));
    return all;
  }
};

TEST_F(BarrierSocket, WhatIsNoNameIsRefusedAndDoesNotReachTheHost) {
  open();
  for (const std::string& text : {std::string("\n"), std::string("a b\n"), std::string(41, 'a'),
                                  std::string("a\0b\n", 4), std::string("a\nb\n")}) {
    const Descriptor socket = connect();
    say(socket, text);
    EXPECT_THAT(answer(socket), HasSubstr("error a barrier's name is 1 to 40")) << text;
  }
  EXPECT_EQ(nodes_[0].agent()->garbage(), 0U);
}

TEST_F(BarrierSocket, ANameInPiecesIsOneAndWhoSaysMoreIsDropped) {
  open();
  const Descriptor socket = connect();
  say(socket, "rea");
  let_things_happen();
  say(socket, "dy\n");
  let_things_happen();
  Ran ran;
  const Descriptor talker = connect();
  say(talker, "ready\n");
  let_things_happen();
  say(talker, "and more");
  EXPECT_EQ(answer(talker), "");
  nodes_[1].start(nodes_[1].barrier("ready"), ran);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_THAT(answer(socket), testing::MatchesRegex("go [0-9]+\n"));
}

TEST_F(BarrierProcess, OnlyWhoIsNamedIsAnsweredAndInOneLine) {
  Ran ran;
  std::vector<std::uint64_t> heard;
  Agent* const agent = nodes_[0].agent();
  agent->on_barrier([&](const BarrierEvent& event) { heard.push_back(event.waiter); });
  nodes_[0].start(nodes_[0].barrier("ready"), ran);
  ASSERT_TRUE(wait([&] { return heard.size() == 1; }));
  agent->release({"another", heard, {}, "no waiter of this one"});
  agent->release({"ready", {heard[0] + 100}, {}, "nobody"});
  let_things_happen();
  EXPECT_FALSE(ran.end);
  agent->release({"ready", heard, {}, "first\nsecond"});
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_EQ(ran.errors, "gridlock-barrier: first second\n");
}

}  // namespace
}  // namespace gridlock
