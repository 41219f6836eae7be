// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "fabric/fabric.h"
#include "fabric/stream_decoder.h"
#include "fabric/target_gateway.h"
#include "fabric/tcp_segment.h"
#include "host/descriptor.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};
/// Long enough for what must not come to come.
constexpr int kSilenceMs = 300;

constexpr std::uint32_t kNode = 0x0a4d0001;    // 10.77.0.1
constexpr std::uint32_t kTarget = 0x0a4d00fe;  // 10.77.0.254
constexpr std::uint32_t kStack = 0x0a4d00fd;   // libslirp's own

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

/// RFC 1071.
std::string checksum(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = static_cast<unsigned char>(bytes[i]);
    const auto low = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0;
    sum += static_cast<std::uint32_t>(high << 8 | low);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return big_endian(~sum & 0xffff, 2);
}

/// A node with a card at a port of the fabric, and as much of TCP as one connection without loss
/// needs.
class Node {
 public:
  explicit Node(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::runtime_error("connect");
  }

  void ask_who_has(std::uint32_t address) {
    send(std::string(6, '\xff') + kMac + big_endian(0x0806, 2) + big_endian(0x0001080006040001, 8) +
         kMac + big_endian(kNode, 4) + std::string(6, '\0') + big_endian(address, 4));
  }

  /// An IPv4 packet of a protocol, to whoever has the target's address.
  void send_packet(std::uint32_t to, int protocol, const std::string& body) {
    const auto header = [&](const std::string& sum) {
      return big_endian(0x4500, 2) + big_endian(20 + body.size(), 2) + big_endian(0x00014000, 4) +
             big_endian(64, 1) + big_endian(static_cast<unsigned>(protocol), 1) + sum +
             big_endian(kNode, 4) + big_endian(to, 4);
    };
    send(std::string("\x52\x55", 2) + big_endian(kTarget, 4) + kMac + big_endian(0x0800, 2) +
         header(checksum(header(std::string(2, '\0')))) + body);
  }

  void send_segment(std::uint32_t to, std::uint16_t port, unsigned flags,
                    const std::string& data = {}) {
    const auto header = [&](const std::string& sum) {
      return big_endian(40000, 2) + big_endian(port, 2) + big_endian(sequence, 4) +
             big_endian(acknowledged, 4) + big_endian(0x50, 1) + big_endian(flags, 1) +
             big_endian(0xffff, 2) + sum + std::string(2, '\0');
    };
    const std::string whole = header(std::string(2, '\0')) + data;
    const std::string pseudo = big_endian(kNode, 4) + big_endian(to, 4) + big_endian(6, 2) +
                               big_endian(whole.size(), 2);
    send_packet(to, 6, header(checksum(pseudo + whole)) + data);
    sequence += static_cast<std::uint32_t>(data.size()) + ((flags & TcpSegment::kSyn) != 0 ? 1 : 0);
  }

  /// The next frame, or nothing within `limit`.
  std::optional<std::string> receive(int limit) {
    while (true) {
      if (const auto frame = decoder_.next())
        return std::string(reinterpret_cast<const char*>(frame->data()), frame->size());
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, limit) <= 0) return std::nullopt;
      const auto space = decoder_.space();
      const auto count = ::recv(socket_.get(), space.data(), space.size(), 0);
      if (count <= 0) return std::nullopt;
      decoder_.filled(static_cast<std::size_t>(count));
    }
  }

  /// The next TCP segment with one of `flags`; ARP requests in between are answered.
  std::optional<std::string> receive_segment(unsigned flags) {
    const auto end = steady_clock::now() + kPatience;
    while (steady_clock::now() < end) {
      const auto frame = receive(1'000);
      if (!frame) continue;
      const auto segment =
          tcp_segment({reinterpret_cast<const std::byte*>(frame->data()), frame->size()});
      if (segment && (segment->flags & flags) != 0) return frame;
    }
    return std::nullopt;
  }

  std::uint32_t sequence = 1000;
  std::uint32_t acknowledged = 0;

 private:
  void send(const std::string& frame) {
    std::string bytes(StreamDecoder::kLengthBytes, '\0');
    put_length(frame.size(),
               std::span<std::byte, 4>(reinterpret_cast<std::byte*>(bytes.data()), 4));
    bytes += frame;
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  const std::string kMac = std::string("\x52\x54\x00\x67\x6c\x01", 6);
  Descriptor socket_;
  StreamDecoder decoder_;
};

/// A service of the host.
class Service {
 public:
  Service() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0)
      throw std::runtime_error("listen");
    port = ntohs(address.sin_port);
  }
  Descriptor accept(int limit) const {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, limit) <= 0) return {};
    return Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  void close() { listener_.reset(); }

  std::uint16_t port = 0;

 private:
  Descriptor listener_;
};

class TargetGatewayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fabric_->add_port(directory_.path() / "n1", ::geteuid());
    fabric_->add_port(directory_.path() / "target", ::geteuid());
    node_.emplace(directory_.path() / "n1");
    gateway_.emplace(directory_.path() / "target", directory_.path() / "relay", "127.0.0.1",
                     service_.port);
    const auto end = steady_clock::now() + kPatience;
    const auto connected = [&] {
      const auto ports = fabric_->counters();
      return ports[0].connected && ports[1].connected;
    };
    while (!connected()) {
      ASSERT_LT(steady_clock::now(), end);
      ::poll(nullptr, 0, 2);
    }
    // So that the stack knows the node's card.
    node_->ask_who_has(kTarget);
    const auto answer = node_->receive(20'000);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->substr(12, 2), big_endian(0x0806, 2));
    ASSERT_EQ(answer->substr(28, 4), big_endian(kTarget, 4));
  }

  /// A connection of the node's with the service, both ends.
  Descriptor connect() {
    node_->send_segment(kTarget, TargetGateway::kPort, TcpSegment::kSyn);
    const auto answer = node_->receive_segment(TcpSegment::kSyn);
    if (!answer) return {};
    std::uint32_t theirs = 0;
    for (int i = 0; i < 4; ++i)
      theirs = theirs << 8 | static_cast<unsigned char>((*answer)[static_cast<std::size_t>(38 + i)]);
    node_->acknowledged = theirs + 1;
    node_->send_segment(kTarget, TargetGateway::kPort, TcpSegment::kAck);
    return service_.accept(20'000);
  }

  TempDir directory_;
  Service service_;
  std::unique_ptr<Fabric> fabric_ = make_fabric(21064);
  std::optional<Node> node_;
  std::optional<TargetGateway> gateway_;
};

TEST_F(TargetGatewayTest, CarriesBytesBothWays) {
  const Descriptor served = connect();
  ASSERT_TRUE(served);
  node_->send_segment(kTarget, TargetGateway::kPort, TcpSegment::kAck, "login");
  std::string got(5, '\0');
  ASSERT_EQ(::recv(served.get(), got.data(), got.size(), MSG_WAITALL), 5);
  EXPECT_EQ(got, "login");
  ASSERT_EQ(::send(served.get(), "welcome", 7, MSG_NOSIGNAL), 7);
  constexpr unsigned kPush = 0x08;
  const auto answer = node_->receive_segment(kPush);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->ends_with("welcome")) << answer->size();
}

TEST_F(TargetGatewayTest, TellsTheNodeThatTheTargetEnded) {
  Descriptor served = connect();
  ASSERT_TRUE(served);
  served.reset();
  constexpr unsigned kFin = 0x01;
  EXPECT_TRUE(node_->receive_segment(kFin));
}

TEST_F(TargetGatewayTest, AnswersNoBeginningWhileTheTargetIsAway) {
  Descriptor served = connect();
  ASSERT_TRUE(served);
  service_.close();
  served.reset();
  constexpr unsigned kFin = 0x01;
  ASSERT_TRUE(node_->receive_segment(kFin));
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    node_->send_segment(kTarget, TargetGateway::kPort, TcpSegment::kSyn);
    node_->sequence += 1000;
    while (const auto frame = node_->receive(kSilenceMs / kTries)) {
      const auto segment =
          tcp_segment({reinterpret_cast<const std::byte*>(frame->data()), frame->size()});
      EXPECT_FALSE(segment && (segment->flags & TcpSegment::kSyn) != 0);
    }
  }
}

TEST_F(TargetGatewayTest, LetsNothingElseOfTheHostBeReached) {
  const Service other;
  for (const auto& [address, port] :
       {std::pair{kTarget, other.port}, std::pair{kStack, other.port},
        std::pair{kStack, service_.port}, std::pair{kStack, TargetGateway::kPort},
        std::pair{std::uint32_t{0x7f000001}, service_.port},
        std::pair{std::uint32_t{0x7f000001}, TargetGateway::kPort}})
    node_->send_segment(address, port, TcpSegment::kSyn);
  constexpr int kUdp = 17;
  node_->send_packet(kStack, kUdp,
                     big_endian(68, 2) + big_endian(67, 2) + big_endian(8, 2) + std::string(2, '\0'));
  EXPECT_FALSE(service_.accept(kSilenceMs));
  EXPECT_FALSE(other.accept(0));
  // What was sent is behind us: the stack still works.
  EXPECT_TRUE(connect());
}

TEST_F(TargetGatewayTest, LivesThroughAFloodOfConnectionsAndGarbage) {
  for (unsigned i = 0; i < 2'000; ++i) {
    node_->sequence += 100'000;
    const auto flags = i % 3 == 0 ? TcpSegment::kSyn : i & 0xff;
    node_->send_segment(kTarget, TargetGateway::kPort, flags, std::string(i % 50, 'x'));
  }
  node_->ask_who_has(kTarget);
  const auto end = steady_clock::now() + kPatience;
  bool answered = false;
  while (!answered && steady_clock::now() < end) {
    const auto frame = node_->receive(1'000);
    answered = frame && frame->substr(12, 2) == big_endian(0x0806, 2);
  }
  EXPECT_TRUE(answered);
}

TEST_F(TargetGatewayTest, EndsWithTheFabric) {
  fabric_.reset();
  gateway_.reset();
}

TEST(TargetGateway, SaysThatTheTargetsHostIsUnknown) {
  const TempDir directory;
  const auto fabric = make_fabric(21064);
  fabric->add_port(directory.path() / "target", ::geteuid());
  EXPECT_THROW(TargetGateway(directory.path() / "target", directory.path() / "relay",
                             "no-such-host.invalid", 3260),
               Error);
}

}  // namespace
}  // namespace gridlock
