// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket over real sockets: what clients of every kind do to it, and not to each other.
#include "trial/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "support/poll_event_loop.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr Milliseconds kPatience{20'000};

class Control : public testing::Test {
 protected:
  Descriptor connect() {
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
        << std::strerror(errno);
    return made;
  }
  void turn(Milliseconds time = Milliseconds{20}) {
    loop_.run_until([] { return false; }, time, {});
  }
  bool wait(const std::function<bool()>& condition) {
    return loop_.run_until(condition, kPatience, {}) == Waited::done;
  }
  static void send(const Descriptor& socket, std::string_view text) {
    ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Reads until there is a whole line, or the connection ends: then empty.
  std::string line(const Descriptor& socket) {
    std::string text;
    wait([&] {
      char c = 0;
      ssize_t count = 0;
      while ((count = ::recv(socket.get(), &c, 1, MSG_DONTWAIT)) == 1 && c != '\n') text += c;
      if (count == 0) text.clear();
      return count == 0 || c == '\n';
    });
    return text;
  }

  TempDir temp_;
  std::filesystem::path path_ = temp_.path() / "control";
  PollEventLoop loop_;
  std::vector<Json> asked_;
  std::vector<ControlSocket::Client> gone_;
  EventLoop::TimerId look_ = loop_.every(Milliseconds{5}, [] {});
  ControlSocket control_{path_,
                         loop_,
                         {[this](ControlSocket::Client client, const Json& request) {
                            asked_.push_back(request);
                            control_.say(client, {{"ok", true}, {"echo", request["request"]}});
                          },
                          [this](ControlSocket::Client client) { gone_.push_back(client); }}};
};

TEST_F(Control, OnlyItsOwnerReachesIt) {
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);
}

TEST_F(Control, AnswersALineHoweverItIsCut) {
  const Descriptor client = connect();
  for (const char c : std::string("{\"request\":\"status\"}\n{\"request\":\"two\"}\n")) {
    send(client, std::string(1, c));
    turn(Milliseconds{1});
  }
  EXPECT_THAT(line(client), HasSubstr("\"echo\":\"status\""));
  EXPECT_THAT(line(client), HasSubstr("\"echo\":\"two\""));
}

TEST_F(Control, AnswersGarbageWithAnErrorAndUnderstandsTheNextLine) {
  const Descriptor client = connect();
  send(client, "\xff\xfe{]\n[]\n{}\n{\"request\":7}\n" + std::string(5000, '[') + "\n");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(line(client), HasSubstr("not understood")) << i;
  send(client, "{\"request\":\"status\"}\n");
  EXPECT_THAT(line(client), HasSubstr("\"echo\":\"status\""));
}

TEST_F(Control, ALineThatIsTooLongIsSkipped) {
  const Descriptor client = connect();
  const std::string part(50'000, 'x');
  for (int i = 0; i < 10; ++i) {
    send(client, part);
    turn(Milliseconds{2});
  }
  send(client, "\n{\"request\":\"status\"}\n");
  EXPECT_THAT(line(client), HasSubstr("not understood"));
  EXPECT_THAT(line(client), HasSubstr("\"echo\":\"status\""));
}

TEST_F(Control, HangsUpOnWhoSendsNothingButGarbage) {
  const Descriptor client = connect();
  for (int i = 0; i < 200; ++i) send(client, "?\n");
  EXPECT_TRUE(wait([&] { return gone_.size() == 1; }));
  EXPECT_EQ(control_.clients(), 0U);
}

TEST_F(Control, AHundredClientsAreAnsweredOrToldThatThereAreTooMany) {
  std::vector<Descriptor> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(connect());
    turn(Milliseconds{1});
  }
  int served = 0;
  int refused = 0;
  for (const Descriptor& client : clients) {
    (void)::send(client.get(), "{\"request\":\"status\"}\n", 21, MSG_NOSIGNAL);
    const std::string answer = line(client);
    served += answer.find("echo") != std::string::npos ? 1 : 0;
    refused += answer.find("too many clients") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(served, static_cast<int>(ControlSocket::kMostClients));
  EXPECT_EQ(served + refused, 100);
  clients.clear();
  EXPECT_TRUE(wait([&] { return control_.clients() == 0; }));
  // There is room again.
  const Descriptor late = connect();
  send(late, "{\"request\":\"status\"}\n");
  EXPECT_THAT(line(late), HasSubstr("echo"));
}

TEST_F(Control, AHalfLineAndAVanishedClientLeaveNothing) {
  {
    const Descriptor client = connect();
    send(client, "{\"request\":\"sta");
    turn();
  }
  EXPECT_TRUE(wait([&] { return gone_.size() == 1; }));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(Control, AClientThatTakesNothingCostsNoMoreThanItsShareAndKeepsNobody) {
  const Descriptor slow = connect();
  const Descriptor quick = connect();
  send(slow, "{\"request\":\"status\"}\n");
  ASSERT_TRUE(wait([&] { return !asked_.empty(); }));
  const std::string data(100'000, 'd');
  for (int i = 0; i < 300 && gone_.empty(); ++i) {
    control_.say(1, {{"event", "output"}, {"data", data}});
    turn(Milliseconds{1});
  }
  EXPECT_THAT(gone_, testing::ElementsAre(1U));
  send(quick, "{\"request\":\"still\"}\n");
  EXPECT_THAT(line(quick), HasSubstr("still"));
}

TEST_F(Control, RefusesAPathThatIsTooLong) {
  EXPECT_THROW(ControlSocket(temp_.path() / std::string(120, 'p'), loop_, {}), Error);
}

}  // namespace
}  // namespace gridlock
