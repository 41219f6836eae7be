// SPDX-License-Identifier: GPL-2.0-or-later
// The agent as an ordinary process, driven by the host's own client over a UNIX socket.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <cstring>
#include <fstream>

#include "agent/wire.h"
#include "base/json.h"
#include "guest/agent.h"
#include "support/poll_event_loop.h"
#include "support/temp_dir.h"

extern char** environ;

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr Milliseconds kPatience{20'000};

std::int64_t monotonic() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

/// A socket a node's port would be at.
Descriptor listen_at(const std::filesystem::path& path) {
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  return socket;
}

/// Starts the agent on `descriptor`, with a socket for barriers at `barriers`.
pid_t start_agent(int descriptor, std::string barriers) {
  const std::string program = GRIDLOCK_BINARY_DIR "/node/gridlock-agent";
  const std::string number = std::to_string(descriptor);
  std::string arguments[] = {program, "--fd", number};
  std::string option = "--barriers";
  char* const argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                        option.data(),       barriers.data(),     nullptr};
  // The child inherits only this one.
  ::fcntl(descriptor, F_SETFD, 0);
  pid_t pid = -1;
  EXPECT_EQ(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ), 0) << program;
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return pid;
}

struct Ran {
  std::string output;
  std::string errors;
  std::optional<JobEnd> end;
};

class AgentProcess : public testing::Test {
 protected:
  void SetUp() override {
    const Descriptor listener = listen_at(socket_);
    agent_ = make_agent(connect_channel(socket_, loop_), loop_);
    // The channel connects on its first turn.
    loop_.run_until([] { return false; }, Milliseconds{1}, {});
    Descriptor accepted{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    ASSERT_GE(accepted.get(), 0);
    pid_ = start_agent(accepted.get(), barriers_);
    ASSERT_GT(pid_, 0);
    ASSERT_TRUE(wait([&] { return agent_->hello().has_value(); })) << agent_->lost();
  }

  void TearDown() override {
    agent_.reset();
    if (pid_ <= 0) return;
    int status = 0;
    // It ends by itself when its host is gone.
    ASSERT_EQ(::waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  bool wait(const std::function<bool()>& condition) {
    return loop_.run_until(condition, kPatience, {}) == Waited::done;
  }

  Agent::JobId start(const Job& job, Ran& ran) {
    return agent_->run(job, {[&](std::string_view b) { ran.output += b; },
                             [&](std::string_view b) { ran.errors += b; },
                             [&](const JobEnd& end) { ran.end = end; }});
  }
  Ran run(const Job& job) {
    Ran ran;
    start(job, ran);
    EXPECT_TRUE(wait([&] { return ran.end.has_value(); })) << agent_->lost();
    return ran;
  }
  Ran shell(const std::string& script) { return run({.argv = {"/bin/sh", "-c", script}}); }

  Reply get(const std::string& path, std::size_t limit = 1 << 20) {
    std::optional<Reply> reply;
    agent_->get(path, limit, [&](const Reply& r) { reply = r; });
    EXPECT_TRUE(wait([&] { return reply.has_value(); }));
    return reply.value_or(Reply{"no answer", {}});
  }
  Reply put(const std::string& path, std::string_view data, int mode = 0644) {
    std::optional<Reply> reply;
    agent_->put(path, data, mode, [&](const Reply& r) { reply = r; });
    EXPECT_TRUE(wait([&] { return reply.has_value(); }));
    return reply.value_or(Reply{"no answer", {}});
  }

  TempDir temp_;
  std::filesystem::path socket_ = temp_.path() / "a.sock";
  std::string barriers_ = temp_.path() / "barriers";
  PollEventLoop loop_;
  std::unique_ptr<Agent> agent_;
  pid_t pid_ = -1;
};

TEST_F(AgentProcess, SaysHelloAndGoesOnTalking) {
  EXPECT_FALSE(agent_->hello()->kernel.empty());
  EXPECT_FALSE(agent_->hello()->boot_id.empty());
  const auto first = agent_->last_heard();
  EXPECT_TRUE(wait([&] { return agent_->last_heard() > first; })) << "no heartbeat";
  EXPECT_EQ(agent_->garbage(), 0U);
}

TEST_F(AgentProcess, RunsAProgramAndTellsItsStatusAfterItsLastOutput) {
  const Ran ran = shell("echo out; echo err >&2; exit 7");
  EXPECT_EQ(ran.output, "out\n");
  EXPECT_EQ(ran.errors, "err\n");
  EXPECT_EQ(ran.end->status, 7);
  EXPECT_FALSE(ran.end->signal);
}

TEST_F(AgentProcess, TellsWhyAProgramCannotBeStarted) {
  const Ran ran = run({.argv = {"/nonexistent/program"}});
  EXPECT_THAT(ran.end->error, HasSubstr("No such file"));
  EXPECT_FALSE(ran.end->status);
}

TEST_F(AgentProcess, FindsAProgramInThePathItIsGiven) {
  std::filesystem::create_symlink("/bin/sh", temp_.path() / "own-shell");
  const Ran ran = run({.argv = {"own-shell", "-c", "echo $WORD"},
                       .environment = {{"PATH", temp_.path().string()}, {"WORD", "hi"}}});
  EXPECT_EQ(ran.output, "hi\n");
}

TEST_F(AgentProcess, FeedsInputToItsEnd) {
  std::string input(100'000, 'i');
  input += '\0';
  const Ran ran = run({.argv = {"cat"}, .input = input});
  EXPECT_EQ(ran.output, input);
}

TEST_F(AgentProcess, DeliversMuchOutputCompletelyToAHostThatReads) {
  const Ran ran = shell("head -c 8000000 /dev/zero");
  EXPECT_EQ(ran.output.size(), 8'000'000U);
  EXPECT_TRUE(ran.end->ok());
}

TEST_F(AgentProcess, SignalsTheWholeGroup) {
  Ran ran;
  const auto job = start({.argv = {"/bin/sh", "-c", "echo up; sleep 1000 & wait"}}, ran);
  ASSERT_TRUE(wait([&] { return ran.output == "up\n"; }));
  agent_->signal(job, SIGKILL);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_EQ(ran.end->signal, SIGKILL);
}

TEST_F(AgentProcess, AGrandchildThatKeepsThePipeDoesNotKeepTheJob) {
  Ran ran;
  const auto start_time = loop_.now();
  start({.argv = {"/bin/sh", "-c", "sleep 1000 & echo $!"}}, ran);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_TRUE(ran.end->ok());
  EXPECT_LT(loop_.now() - start_time, kPatience);
  ::kill(static_cast<pid_t>(std::stol(ran.output)), SIGKILL);
}

TEST_F(AgentProcess, StartsAtTheInstantItIsToldAndNotBefore) {
  const std::int64_t at = monotonic() + 300'000'000;
  const Ran ran =
      run({.argv = {"/bin/sh", "-c", "cat /proc/uptime"}, .at = std::chrono::nanoseconds(at)});
  EXPECT_GE(monotonic(), at);
  EXPECT_TRUE(ran.end->ok());
}

TEST_F(AgentProcess, JobsHaveOrdinarySignalsAndASessionOfTheirOwn) {
  EXPECT_THAT(shell("grep SigBlk /proc/self/status").output, HasSubstr("0000000000000000"));
  EXPECT_EQ(shell("kill -PIPE $$; echo survived").end->signal, SIGPIPE);
  EXPECT_EQ(shell("test $(cut -d' ' -f6 /proc/$$/stat) = $$").end->status, 0);
}

TEST_F(AgentProcess, PutsAndGetsAFileThroughAChild) {
  const std::string path = temp_.path() / "new/folder/file";
  std::string data(300'000, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7);
  EXPECT_EQ(put(path, data, 0600).error, "");
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);
  const Reply reply = get(path);
  EXPECT_EQ(reply.error, "");
  EXPECT_TRUE(reply.data == data);
  EXPECT_EQ(get(path, 10).data, data.substr(0, 10));
}

TEST_F(AgentProcess, AppendsToAFileAndKeepsItsMode) {
  const std::string path = temp_.path() / "pieces";
  EXPECT_EQ(put(path, "one ", 0755).error, "");
  std::optional<Reply> reply;
  agent_->append(path, "two", 0755, [&](const Reply& r) { reply = r; });
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, "");
  EXPECT_EQ(get(path).data, "one two");
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0755U);
}

TEST_F(AgentProcess, TellsWhyAFileCannotBeHad) {
  EXPECT_THAT(get("/nonexistent").error, HasSubstr("No such file"));
  EXPECT_THAT(get("relative").error, HasSubstr("must begin with /"));
  EXPECT_THAT(put("/proc/nonexistent/x", "").error, Not(testing::IsEmpty()));
}

TEST_F(AgentProcess, GoesOnAnsweringWhileAFileHangsAndGivesItUp) {
  const std::string path = temp_.path() / "hangs";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::optional<Reply> hanging;
  agent_->get(path, 100, [&](const Reply& r) { hanging = r; });
  EXPECT_EQ(shell("echo alive").output, "alive\n");
  EXPECT_FALSE(hanging);
  ASSERT_TRUE(wait([&] { return hanging.has_value(); }));
  EXPECT_THAT(hanging->error, HasSubstr("no answer within 5 s"));
}

TEST_F(AgentProcess, ReadsAFileThatChangesMeanwhileInOneGo) {
  // Whoever opens it a second time waits for a writer in vain.
  const std::string path = temp_.path() / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Ran writer;
  start({.argv = {"/bin/sh", "-c", "head -c 3000000 /dev/zero > " + path}}, writer);
  const Reply reply = get(path, 64 << 20);
  EXPECT_EQ(reply.error, "");
  EXPECT_EQ(reply.data.size(), 3'000'000U);
  EXPECT_TRUE(wait([&] { return writer.end.has_value(); }));
}

TEST_F(AgentProcess, BeatsWhileALongFileIsRead) {
  const std::string path = temp_.path() / "long";
  const std::string data(40 << 20, 'l');
  {
    std::ofstream out(path, std::ios::binary);
    out << data;
  }
  std::optional<Reply> reply;
  agent_->get(path, 64 << 20, [&](const Reply& r) { reply = r; });
  EXPECT_EQ(shell("echo meanwhile").output, "meanwhile\n");
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, "");
  EXPECT_TRUE(reply->data == data);
  EXPECT_EQ(get(path, 1'000'000).data.size(), 1'000'000U);
}

TEST_F(AgentProcess, AFileIsGivenUpFiveSecondsAfterItsLastByteAndNotBefore) {
  const std::string path = temp_.path() / "slow";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Ran writer;
  start({.argv = {"/bin/sh", "-c",
                  "{ for i in 1 2 3; do echo $i; sleep 2.5; done; } > " + path}},
        writer);
  const Reply reply = get(path);
  EXPECT_EQ(reply.error, "");
  EXPECT_EQ(reply.data, "1\n2\n3\n");
}

TEST_F(AgentProcess, TellsWhatTheTasksOfAJobDo) {
  Ran ran;
  const auto job = start({.argv = {"/bin/sh", "-c", "sleep 1000 & echo $!; wait"}}, ran);
  ASSERT_TRUE(wait([&] { return !ran.output.empty(); }));
  const std::string child = ran.output.substr(0, ran.output.find('\n'));
  std::optional<Reply> reply;
  agent_->tasks(job, [&](const Reply& r) { reply = r; });
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, "");
  EXPECT_THAT(reply->data, HasSubstr("task " + child + " " + child + "\nstat " + child + " (sleep) "));
  EXPECT_THAT(reply->data, HasSubstr("\nwchan "));
  // A test that may not see stacks sees why.
  EXPECT_THAT(reply->data, testing::AnyOf(HasSubstr("\nstack ["), HasSubstr("\nerror stack: ")));
  EXPECT_THAT(reply->data, Not(HasSubstr("error cut")));
  agent_->signal(job, SIGKILL);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  reply.reset();
  agent_->tasks(job, [&](const Reply& r) { reply = r; });
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_THAT(reply->error, HasSubstr("no such process"));
}

TEST_F(AgentProcess, ATextOfTooManyTasksIsCutAtAWholeOne) {
  Ran ran;
  start({.argv = {"/bin/sh", "-c",
                  "i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; echo up; wait"}},
        ran);
  ASSERT_TRUE(wait([&] { return ran.output == "up\n"; }));
  std::optional<Reply> reply;
  agent_->tasks(0, [&](const Reply& r) { reply = r; });
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, "");
  EXPECT_LE(reply->data.size(), wire::kTasksLimit);
  if (reply->data.size() > wire::kTasksLimit / 2) EXPECT_THAT(reply->data, testing::EndsWith("\nerror cut\n"));
  EXPECT_THAT(reply->data, testing::StartsWith("task "));
  agent_->signal(1, SIGKILL);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
}

TEST_F(AgentProcess, AJobOnATerminalTalksBothWaysAndHearsItsSize) {
  Ran ran;
  const auto job = start({.argv = {"/bin/sh", "-c",
                                   "trap 'stty size' WINCH; stty -echo; tty; read a; echo got $a; "
                                   "while :; do sleep 0.1; done"},
                          .terminal = TerminalSize{33, 101}},
                         ran);
  ASSERT_TRUE(wait([&] { return ran.output.find("/dev/pts/") != std::string::npos; })) << ran.output;
  std::size_t taken = 0;
  agent_->write(job, "hello\n", [&](const Reply& r, std::size_t count) {
    EXPECT_EQ(r.error, "");
    taken = count;
  });
  ASSERT_TRUE(wait([&] { return ran.output.find("got hello\r\n") != std::string::npos; }))
      << ran.output;
  EXPECT_EQ(taken, 6U);
  std::optional<Reply> resized;
  agent_->resize(job, {44, 120}, [&](const Reply& r) { resized = r; });
  ASSERT_TRUE(wait([&] { return ran.output.find("44 120") != std::string::npos; })) << ran.output;
  EXPECT_EQ(resized->error, "");
  agent_->close_input(job);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_EQ(ran.end->signal, SIGHUP);
}

TEST_F(AgentProcess, InputThatIsWrittenLaterReachesTheJobAndEnds) {
  Ran ran;
  const auto job = start({.argv = {"cat"}, .input = "one ", .more_input = true}, ran);
  ASSERT_TRUE(wait([&] { return ran.output == "one "; }));
  agent_->write(job, "two", {});
  agent_->close_input(job);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
  EXPECT_EQ(ran.output, "one two");
  EXPECT_TRUE(ran.end->ok());
}

TEST_F(AgentProcess, AJobThatDoesNotReadIsGivenNoMoreThanItsBufferHolds) {
  Ran ran;
  const auto job = start({.argv = {"/bin/sleep", "1000"}, .more_input = true}, ran);
  const std::string bytes(wire::kWriteLimit, 'b');
  std::size_t all = 0;
  std::optional<std::size_t> last;
  for (int i = 0; i < 20; ++i) {
    last.reset();
    agent_->write(job, bytes, [&](const Reply& r, std::size_t count) {
      EXPECT_EQ(r.error, "");
      last = count;
    });
    ASSERT_TRUE(wait([&] { return last.has_value(); }));
    all += *last;
  }
  EXPECT_EQ(last, 0U);
  EXPECT_LT(all, 10 * bytes.size());
  agent_->signal(job, SIGKILL);
  ASSERT_TRUE(wait([&] { return ran.end.has_value(); }));
}

TEST_F(AgentProcess, MeasuresItsClockAgainstOurs) {
  std::optional<Agent::ClockOffset> offset;
  agent_->measure_clock(kPatience, [&](auto found) { offset = found; });
  ASSERT_TRUE(wait([&] { return offset.has_value(); }));
  // The same machine, and libstdc++'s steady clock is CLOCK_MONOTONIC.
  EXPECT_LE(std::chrono::abs(offset->offset), offset->uncertainty);
}

TEST_F(AgentProcess, AnOrdinaryProcessTouchesNoMachine) {
  std::optional<Reply> identity, key;
  agent_->identify({NodeId{1},
                    "node1",
                    "10.77.0.1",
                    "52:54:00:47:4c:01",
                    std::chrono::nanoseconds(1),
                    std::string(32, 'e'),
                    {}},
                   [&](const Reply& r) { identity = r; });
  agent_->sysrq('w', [&](const Reply& r) { key = r; });
  agent_->power_off();
  ASSERT_TRUE(wait([&] { return identity && key; }));
  EXPECT_THAT(identity->error, HasSubstr("only the init of a node"));
  EXPECT_THAT(key->error, HasSubstr("only in a node"));
  EXPECT_EQ(shell("echo still here").output, "still here\n");
}

TEST_F(AgentProcess, RefusesAnIdentityThatIsNone) {
  std::optional<Reply> reply;
  agent_->identify({NodeId{1},
                    "no de",
                    "10.77.0.1",
                    "52:54:00:47:4c:01",
                    std::chrono::nanoseconds(1),
                    std::string(32, 'e'),
                    {}},
                   [&](const Reply& r) { reply = r; });
  ASSERT_TRUE(wait([&] { return reply.has_value(); }));
  EXPECT_THAT(reply->error, HasSubstr("name is not a host name"));
}

TEST_F(AgentProcess, AKilledAgentIsLost) {
  ::kill(pid_, SIGKILL);
  ASSERT_TRUE(wait([&] { return !agent_->lost().empty(); }));
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

/// The agent with a bare socket: for what the client would never send.
class AgentOnABareSocket : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_ = Descriptor(ends[0]);
    const Descriptor theirs(ends[1]);
    pid_ = start_agent(theirs.get(), barriers_);
    ASSERT_GT(pid_, 0);
  }
  void TearDown() override {
    ours_ = Descriptor();
    int status = 0;
    ASSERT_EQ(::waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(ours_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      ASSERT_GT(count, 0);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// The next message that `wanted` accepts; null after the patience.
  Json hear(const std::function<bool(const Json&)>& wanted) {
    while (true) {
      while (!lines_.empty()) {
        const auto message = parse_json(lines_.front());
        lines_.erase(lines_.begin());
        if (message && wanted(*message)) return *message;
      }
      pollfd polled{ours_.get(), POLLIN, 0};
      if (::poll(&polled, 1, static_cast<int>(kPatience.count())) <= 0) return nullptr;
      char buffer[65536];
      const ssize_t count = ::read(ours_.get(), buffer, sizeof buffer);
      if (count <= 0) return nullptr;
      splitter_.add({buffer, static_cast<std::size_t>(count)},
                    [&](std::string_view line) { lines_.emplace_back(line); });
    }
  }
  Json answer(int id) {
    return hear([&](const Json& message) { return integer_or(message, "id", -1) == id; });
  }

  TempDir temp_;
  std::string barriers_ = temp_.path() / "barriers";
  Descriptor ours_;
  wire::LineSplitter splitter_;
  std::vector<std::string> lines_;
  pid_t pid_ = -1;
};

TEST_F(AgentOnABareSocket, SaysHelloFirst) {
  const Json first = hear([](const Json&) { return true; });
  EXPECT_EQ(text_or(first, "event", ""), "hello");
  EXPECT_EQ(integer_or(first, "protocol", 0), wire::kProtocol);
  EXPECT_EQ(flag_or(first, "pid_one", true), false);
  EXPECT_GT(integer_or(first, "boot_ns", 0), 0);
}

TEST_F(AgentOnABareSocket, SurvivesGarbageCountsItAndUnderstandsTheNextLine) {
  say("\xff\xfe half a message\"}\n{\"id\":\n[]\n{\"request\":\"ping\"}\n" +
      std::string(3 * wire::kLineLimit, 'x') + "\n" + std::string(100'000, '[') + "\n");
  say("{\"id\":5,\"request\":\"ping\"}\n");
  EXPECT_TRUE(flag_or(answer(5), "ok", false));
  const Json beat = hear(
      [](const Json& m) { return text_or(m, "event", "") == "heartbeat" && m["garbage"] != 0; });
  EXPECT_EQ(integer_or(beat, "garbage", 0), 6);
}

TEST_F(AgentOnABareSocket, AnswersWrongRequestsWithWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"id":1,"request":"dance"})", "unknown request"},
      {R"({"id":1,"request":"run"})", "run: process"},
      {R"({"id":1,"request":"run","process":1})", "run: argv"},
      {R"({"id":1,"request":"run","process":1,"argv":[]})", "run: argv"},
      {R"({"id":1,"request":"run","process":1,"argv":[7]})", "texts only"},
      {R"({"id":1,"request":"run","process":1,"argv":["x"],"env":[]})", "env"},
      {R"({"id":1,"request":"run","process":1,"argv":["x"],"input":"@"})", "not base64"},
      {R"({"id":1,"request":"run","process":1,"argv":["x"],"at":"soon"})", "run: at"},
      {R"({"id":1,"request":"signal","process":1,"signal":9})", "no such process"},
      {R"({"id":1,"request":"signal","process":1,"signal":900})", "no such signal"},
      {R"({"id":1,"request":"put","path":"/x","data":"@"})", "not base64"},
      {R"({"id":1,"request":"put","path":"/x","data":"","mode":99999})", "mode"},
      {R"({"id":1,"request":"get","path":"/x","offset":-1})", "offset"},
      {R"({"id":1,"request":"sysrq","key":"reboot"})", "one character"},
      {R"({"id":1,"request":"run","process":1,"argv":["x"],"terminal":{}})", "run: terminal: rows"},
      {R"({"id":1,"request":"run","process":1,"argv":["x"],"terminal":{"rows":1,"columns":9999}})",
       "from 1 to 1000"},
      {R"({"id":1,"request":"write","process":1,"data":""})", "no such process"},
      {R"({"id":1,"request":"close","process":-1})", "no such process"},
      {R"({"id":1,"request":"resize","process":1,"rows":1,"columns":1})", "no such process"},
      {R"({"id":1,"request":"tasks","process":1})", "no such process"},
      {R"({"id":1,"request":"tasks"})", "no such process"},
      {R"({"id":1,"request":"release"})", "release: barrier"},
      {R"({"id":1,"request":"release","barrier":"a b","waiters":[1],"at":1})", "release: barrier"},
      {R"({"id":1,"request":"release","barrier":"a","waiters":7,"at":1})", "release: waiters"},
      {R"({"id":1,"request":"release","barrier":"a","waiters":[-1],"at":1})", "list of numbers"},
      {R"({"id":1,"request":"release","barrier":"a","waiters":[1]})", "either at"},
      {R"({"id":1,"request":"release","barrier":"a","waiters":[],"at":1,"error":"x"})", "either at"},
  };
  for (const auto& [request, error] : cases) {
    say(std::string(request) + "\n");
    const Json reply = answer(1);
    EXPECT_FALSE(flag_or(reply, "ok", true)) << request;
    EXPECT_THAT(text_or(reply, "error", ""), HasSubstr(error)) << request;
  }
}

TEST_F(AgentOnABareSocket, DropsAndCountsOutputForAHostThatDoesNotRead) {
  // More than every buffer on the way together; the program ends although nobody reads a byte.
  say(R"({"id":1,"request":"run","process":1,)"
      R"("argv":["/bin/sh","-c","head -c 50000000 /dev/zero; echo > )" +
      (temp_.path() / "done").string() + "\"]}\n");
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!std::filesystem::exists(temp_.path() / "done") && std::chrono::steady_clock::now() < end)
    ::poll(nullptr, 0, 20);
  ASSERT_TRUE(std::filesystem::exists(temp_.path() / "done")) << "the job was blocked";
  std::uint64_t bytes = 0;
  const Json exit = hear([&](const Json& message) {
    if (text_or(message, "event", "") == "output")
      bytes += wire::from_base64(text_or(message, "data", "")).value_or("").size();
    return text_or(message, "event", "") == "exit";
  });
  EXPECT_EQ(integer_or(exit, "status", -1), 0);
  EXPECT_GT(integer_or(exit, "dropped", 0), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(integer_or(exit, "dropped", 0)) + bytes, 50'000'000U);
}

TEST_F(AgentOnABareSocket, ReportsWhoWaitsAtABarrierAgainAfterEveryHello) {
  const auto barrier = [](const Json& m) { return text_or(m, "event", "") == "barrier"; };
  say(R"({"id":1,"request":"run","process":1,"argv":[")" GRIDLOCK_BINARY_DIR
      R"(/node/gridlock-barrier","--socket",")" + barriers_ + R"(","a"]})" "\n");
  const Json first = hear(barrier);
  EXPECT_EQ(text_or(first, "barrier", ""), "a");
  say("{\"id\":2,\"request\":\"hello\"}\n");
  EXPECT_EQ(hear(barrier), first);
  say("{\"id\":3,\"request\":\"signal\",\"process\":1,\"signal\":9}\n");
  const Json gone = hear(barrier);
  EXPECT_EQ(gone["waiter"], first["waiter"]);
  EXPECT_TRUE(flag_or(gone, "gone", false));
  // Who went away is not reported again; a request that is answered later shows it.
  say("{\"id\":4,\"request\":\"hello\"}\n{\"id\":5,\"request\":\"ping\"}\n");
  const Json next = hear([&](const Json& m) { return barrier(m) || integer_or(m, "id", 0) == 5; });
  EXPECT_EQ(integer_or(next, "id", 0), 5);
}

TEST_F(AgentOnABareSocket, ForwardsNoMoreOutputThanTheLimit) {
  say(R"({"id":1,"request":"run","process":1,"output_limit":1000,)"
      R"("argv":["/bin/sh","-c","head -c 5000 /dev/zero"]})"
      "\n");
  const Json exit = hear([](const Json& m) { return text_or(m, "event", "") == "exit"; });
  EXPECT_EQ(integer_or(exit, "dropped", 0), 4000);
}

}  // namespace
}  // namespace gridlock
