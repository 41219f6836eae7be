// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/fabric.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "base/error.h"
#include "fabric/stream_decoder.h"
#include "host/descriptor.h"
#include "support/frames.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};
constexpr std::uint16_t kService = 21064;

/// A node's QEMU: connects to a port and speaks its framing.
class Peer {
 public:
  explicit Peer(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::runtime_error("connect");
    const timeval limit{kPatience.count(), 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }

  void send_bytes(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto count =
          ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  void send(const std::vector<std::byte>& frame) {
    std::string bytes(StreamDecoder::kLengthBytes, '\0');
    put_length(frame.size(),
               std::span<std::byte, 4>(reinterpret_cast<std::byte*>(bytes.data()), 4));
    send_bytes(bytes.append(reinterpret_cast<const char*>(frame.data()), frame.size()));
  }
  void send(char to, char from, const std::string& body) { send_bytes(framed(to, from, body)); }

  static std::string framed(char to, char from, const std::string& body) {
    std::string frame = address(to) + address(from) + "\x08\x06" + body;
    std::string bytes(StreamDecoder::kLengthBytes, '\0');
    put_length(frame.size(),
               std::span<std::byte, 4>(reinterpret_cast<std::byte*>(bytes.data()), 4));
    return bytes + frame;
  }

  /// The next frame's body; empty at the end of the connection.
  std::string receive() {
    while (true) {
      if (const auto frame = decoder_.next())
        return {reinterpret_cast<const char*>(frame->data()) + StreamDecoder::kMinFrame,
                frame->size() - StreamDecoder::kMinFrame};
      const auto space = decoder_.space();
      const auto count = ::recv(socket_.get(), space.data(), space.size(), 0);
      if (count <= 0) return {};
      decoder_.filled(static_cast<std::size_t>(count));
    }
  }

  bool silent() const {
    pollfd ready{socket_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 0;
  }

 private:
  /// '*' is everyone.
  static std::string address(char name) {
    return name == '*' ? std::string(6, '\xff') : std::string("\x52\x54\0\0\0", 5) + name;
  }

  Descriptor socket_;
  StreamDecoder decoder_;
};

class FabricOfThree : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(fabric_->add_port(path(i), ::geteuid()), i);
  }
  std::filesystem::path path(int port) const {
    return directory_.path() / ("n" + std::to_string(port) + ".fab");
  }
  bool until(const std::function<bool(const std::vector<PortCounters>&)>& holds) const {
    const auto deadline = steady_clock::now() + kPatience;
    while (!holds(fabric_->counters())) {
      if (steady_clock::now() > deadline) return false;
      ::poll(nullptr, 0, 2);
    }
    return true;
  }
  /// Until all are connected, so that no frame is lost on the way to one that is not yet.
  bool connected(std::initializer_list<int> ports) const {
    return until([&](const auto& counters) {
      for (const int port : ports)
        if (!counters[static_cast<std::size_t>(port)].connected) return false;
      return true;
    });
  }

  TempDir directory_;
  std::unique_ptr<Fabric> fabric_ = make_fabric(kService);
};

TEST_F(FabricOfThree, SocketsAreForTheirOwnerOnly) {
  struct stat socket {};
  ASSERT_EQ(::stat(path(0).c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 07777, 0600U);
}

TEST_F(FabricOfThree, CarriesABroadcastToAllAndTheAnswerToOne) {
  Peer a(path(0));
  Peer b(path(1));
  Peer c(path(2));
  ASSERT_TRUE(connected({0, 1, 2}));
  a.send('*', 'a', "who is b?");
  EXPECT_EQ(b.receive(), "who is b?");
  EXPECT_EQ(c.receive(), "who is b?");
  b.send('a', 'b', "me");
  EXPECT_EQ(a.receive(), "me");
  // The fabric keeps the order, so the answer would have been at c before this.
  b.send('*', 'b', "bye");
  EXPECT_EQ(c.receive(), "bye");
  const auto counters = fabric_->counters();
  EXPECT_EQ(counters[0].frames_in, 1U);
  EXPECT_EQ(counters[0].frames_out, 2U);
  EXPECT_EQ(counters[2].frames_out, 2U);
  EXPECT_EQ(counters[2].bytes_out, 2 * StreamDecoder::kMinFrame + 9 + 3);
  EXPECT_EQ(counters[0].dropped + counters[1].dropped + counters[2].dropped, 0U);
}

TEST_F(FabricOfThree, CountsWhatTheServiceCarriesAndNothingElse) {
  Peer a(path(0));
  Peer b(path(1));
  Peer c(path(2));
  ASSERT_TRUE(connected({0, 1, 2}));
  b.send('*', 'b', "here");
  EXPECT_EQ(a.receive(), "here");
  const auto answer = [](std::size_t data) {
    auto frame = segment('a', 'b', 40000, kAck, data);
    frame[34] = std::byte{kService >> 8};
    frame[35] = std::byte{kService & 0xff};
    return frame;
  };
  a.send(segment('b', 'a', kService, kAck, 100));
  a.send(segment('b', 'a', kService, kAck));
  a.send(segment('b', 'a', kService + 1, kAck, 1000));
  a.send(segment('*', 'a', kService, kAck, 7));
  a.send('b', 'a', "no TCP");
  while (b.receive() != "no TCP") {
  }
  b.send(answer(20));
  b.send('a', 'b', "end");
  while (a.receive() != "end") {
  }
  const Traffic traffic = fabric_->dlm_traffic();
  EXPECT_EQ(traffic.frames, 3U) << "a frame counts once, however many nodes it goes to";
  EXPECT_EQ(traffic.bytes, 127U);
}

TEST_F(FabricOfThree, ABadLengthEndsThatPortOnlyUntilTheNextMachine) {
  Peer a(path(0));
  Peer b(path(1));
  Peer c(path(2));
  ASSERT_TRUE(connected({0, 1, 2}));
  a.send_bytes(std::string("\xff\xff\xff\xff", 4));
  EXPECT_EQ(a.receive(), "");
  ASSERT_TRUE(until([](const auto& counters) { return !counters[0].connected; }));
  EXPECT_EQ(fabric_->counters()[0].closed, "bad length");
  b.send('*', 'b', "still here");
  EXPECT_EQ(c.receive(), "still here");

  Peer again(path(0));
  ASSERT_TRUE(connected({0}));
  again.send('*', 'a', "back");
  EXPECT_EQ(b.receive(), "back");
  EXPECT_EQ(fabric_->counters()[0].closed, "");
}

TEST_F(FabricOfThree, TheNextMachineOfAPortWaitsForTheEndOfTheFirst) {
  auto first = std::make_unique<Peer>(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  Peer second(path(0));
  second.send('*', 'a', "second");
  first->send('*', 'a', "first");
  EXPECT_EQ(b.receive(), "first");
  EXPECT_TRUE(b.silent());
  first.reset();
  EXPECT_EQ(b.receive(), "second");
}

TEST_F(FabricOfThree, AMachineThatDoesNotReadLosesFramesAndHoldsUpNobody) {
  Peer fast(path(0));
  Peer slow(path(1));
  Peer other(path(2));
  ASSERT_TRUE(connected({0, 1, 2}));
  const std::string body(60'000, 'x');
  for (int i = 0; i < 200; ++i) {
    fast.send('*', 'a', body);
    ASSERT_EQ(other.receive().size(), body.size());
  }
  const auto counters = fabric_->counters();
  EXPECT_GT(counters[1].dropped, 0U);
  EXPECT_EQ(counters[1].dropped + counters[1].frames_out, 200U);
  EXPECT_EQ(counters[2].dropped, 0U);
  // What was not dropped arrives whole once it reads.
  for (std::uint64_t i = 0; i < counters[1].frames_out; ++i)
    ASSERT_EQ(slow.receive().size(), body.size());
  EXPECT_TRUE(slow.silent());
}

TEST_F(FabricOfThree, TwoNodesFirstConnectionsToTheServiceCross) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  // As ARP would have: where a frame to b goes is known.
  b.send('*', 'b', "here");
  ASSERT_EQ(a.receive(), "here");
  a.send(segment('b', 'a', kService, kSyn));
  a.send('b', 'a', "behind it");
  EXPECT_EQ(b.receive(), "behind it");
  b.send(segment('a', 'b', kService, kSyn));
  EXPECT_EQ(a.receive().size(), kSegmentBody);
  EXPECT_EQ(b.receive().size(), kSegmentBody);
}

TEST_F(FabricOfThree, AConnectionThatIsNotAnsweredWithOneGoesOnAfterAWhile) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  // As ARP would have: where a frame to b goes is known.
  b.send('*', 'b', "here");
  ASSERT_EQ(a.receive(), "here");
  a.send(segment('b', 'a', kService, kSyn));
  EXPECT_EQ(b.receive().size(), kSegmentBody);
  EXPECT_EQ(fabric_->counters()[1].frames_out, 1U);
}

TEST_F(FabricOfThree, HoldsFramesUntilItIsReleasedAndKeepsTheirOrder) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  a.send('*', 'a', "before");
  EXPECT_EQ(b.receive(), "before");
  EXPECT_TRUE(fabric_->hold(kPatience));
  a.send('*', 'a', "one");
  a.send('*', 'a', "two");
  const std::vector<KeptFrame> kept = fabric_->kept(kPatience);
  ASSERT_EQ(kept.size(), 2u * 1);  // for b; the third port has no machine
  EXPECT_EQ(kept[0].to, 1);
  EXPECT_TRUE(b.silent());
  fabric_->release();
  EXPECT_EQ(b.receive(), "one");
  EXPECT_EQ(b.receive(), "two");
  EXPECT_TRUE(fabric_->kept(kPatience).empty());
}

TEST_F(FabricOfThree, LosesAllOfANodeWhoseCableIsCutAndNothingOfTheOthers) {
  Peer a(path(0));
  Peer b(path(1));
  Peer c(path(2));
  ASSERT_TRUE(connected({0, 1, 2}));
  fabric_->set_cable(1, Fabric::Cable::cut);
  a.send('*', 'a', "to all");
  EXPECT_EQ(c.receive(), "to all");
  b.send('*', 'b', "in vain");
  // Taken while the cable is cut, and not after it.
  ASSERT_TRUE(until([](const auto& counters) { return counters[1].frames_in == 1; }));
  EXPECT_TRUE(a.silent());
  EXPECT_TRUE(b.silent());
  fabric_->set_cable(1, Fabric::Cable::whole);
  a.send('*', 'a', "again");
  EXPECT_EQ(b.receive(), "again");
  b.send('a', 'b', "yes");
  EXPECT_EQ(a.receive(), "yes");
}

TEST_F(FabricOfThree, AHoldSeesWhetherTheNodesHaveTakenEverything) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  a.send('*', 'a', "unread");
  ASSERT_TRUE(until([](const auto& counters) { return counters[1].frames_out == 1; }));
  EXPECT_FALSE(fabric_->hold(Milliseconds{20})) << "b has not read yet";
  EXPECT_EQ(b.receive(), "unread");
  EXPECT_TRUE(fabric_->hold(kPatience));
}

TEST_F(FabricOfThree, InjectsFramesOfAnEarlierLife) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  fabric_->hold(kPatience);
  a.send('*', 'a', "saved");
  std::vector<KeptFrame> kept = fabric_->kept(kPatience);
  kept.push_back({77, kept.front().bytes});  // a port there is not
  auto next = make_fabric(kService);
  TempDir elsewhere;
  next->add_port(elsewhere.path() / "0", ::geteuid());
  next->add_port(elsewhere.path() / "1", ::geteuid());
  Peer again(elsewhere.path() / "1");
  while (!next->counters()[1].connected) ::poll(nullptr, 0, 2);
  next->inject(kept);
  EXPECT_EQ(again.receive(), "saved");
}

TEST_F(FabricOfThree, DoesNothingWhileNothingHappens) {
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  ::poll(nullptr, 0, 300);
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  // A busy loop would have used most of the 300 ms, at thousands of switches.
  EXPECT_LT(after.ru_nvcsw - before.ru_nvcsw, 20);
}

TEST_F(FabricOfThree, RemovesItsSockets) {
  fabric_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(FabricOfThree, RefusesAPathThatIsTakenOrTooLong) {
  EXPECT_THROW((void)fabric_->add_port(path(0), ::geteuid()), Error);
  try {
    (void)fabric_->add_port(directory_.path() / std::string(120, 'x'), ::geteuid());
    FAIL() << "a socket with a path that long";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("limit is 107"), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_EQ(fabric_->counters().size(), 3U);
}

TEST_F(FabricOfThree, ForwardsAStreamOfFramesWithoutLoss) {
  constexpr int kFrames = 100'000;
  constexpr int kWindow = 500;
  Peer a(path(0));
  Peer b(path(1));
  ASSERT_TRUE(connected({0, 1}));
  b.send('*', 'b', "here");
  ASSERT_EQ(a.receive(), "here");
  const std::string frame = Peer::framed('b', 'a', std::string(1486, 'x'));
  std::string window;
  for (int i = 0; i < kWindow; ++i) window += frame;
  const auto began = steady_clock::now();
  for (int sent = 0; sent < kFrames; sent += kWindow) {
    std::thread sender([&] { a.send_bytes(window); });
    for (int i = 0; i < kWindow; ++i) ASSERT_EQ(b.receive().size(), 1486U);
    sender.join();
  }
  const std::chrono::duration<double> took = steady_clock::now() - began;
  EXPECT_EQ(fabric_->counters()[1].dropped, 0U);
  std::printf("%d frames of 1500 bytes in %.2f s: %.0f frames/s\n", kFrames, took.count(),
              kFrames / took.count());
}

}  // namespace
}  // namespace gridlock
