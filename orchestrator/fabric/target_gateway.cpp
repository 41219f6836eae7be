// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/target_gateway.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "fabric/relay.h"
#include "fabric/stream_decoder.h"
#include "fabric/tcp_segment.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

constexpr const char* kNetwork = "10.77.0.0";
constexpr const char* kNetmask = "255.255.255.0";
/// libslirp's own address. What nodes connect to must be another one.
constexpr const char* kStack = "10.77.0.253";
/// What a connection that begins costs in libslirp, 256 KiB, is given back after 75 s if it never
/// comes to be (TCPTV_KEEP_INIT); so many may begin in that time.
constexpr int kMostBeginnings = 256;
constexpr std::chrono::seconds kBeginning{75};
/// What may wait for a fabric that does not read; what is beyond is lost and sent again by TCP.
constexpr std::size_t kOutputLimit = 4 << 20;
constexpr std::size_t kMtu = 1500;

[[noreturn]] void fail(const std::string& doing, const std::string& why) {
  throw Error(fmt::format("the fabric's way to the iSCSI target: {}: {}", doing, why));
}

in_addr address_of(const char* text) {
  in_addr address{};
  GRIDLOCK_CHECK(::inet_pton(AF_INET, text, &address) == 1, "a constant is an address");
  return address;
}

Descriptor connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = path.native();
  if (name.size() >= sizeof address.sun_path) fail("connecting to " + name, "the path is too long");
  name.copy(address.sun_path, name.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connecting to " + name, std::generic_category().message(errno));
  return socket;
}

bool is_arp(Frame frame) {
  return std::to_integer<unsigned>(frame[12]) == 0x08 &&
         std::to_integer<unsigned>(frame[13]) == 0x06;
}

}  // namespace

/// The thread and all that it owns.
class TargetGateway::Stack {
 public:
  Stack(const std::filesystem::path& fabric_socket, const std::filesystem::path& relay_socket,
        const std::string& host, std::uint16_t port)
      : relay_(relay_socket, host, port),
        fabric_(connect_to(fabric_socket)),
        stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!stop_) fail("setting up", std::generic_category().message(errno));
    SlirpConfig config{};
    config.version = 4;
    config.restricted = 1;
    config.in_enabled = true;
    config.vnetwork = address_of(kNetwork);
    config.vnetmask = address_of(kNetmask);
    config.vhost = address_of(kStack);
    config.if_mtu = kMtu;
    config.if_mru = kMtu;
    config.disable_host_loopback = true;
    config.disable_dns = true;
    config.disable_dhcp = true;
    slirp_.reset(::slirp_new(&config, &callbacks(), this));
    in_addr target = address_of(kAddress);
    if (!slirp_ || ::slirp_add_unix(slirp_.get(), relay_socket.c_str(), &target, kPort) != 0)
      fail("setting up libslirp", "it refuses the addresses");
    thread_ = std::thread([this] { run(); });
  }

  ~Stack() {
    const std::uint64_t one = 1;
    // An eventfd of our own with room: this cannot fail or block.
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

 private:
  struct EndSlirp {
    void operator()(Slirp* slirp) const { ::slirp_cleanup(slirp); }
  };

  static Stack& self(void* opaque) { return *static_cast<Stack*>(opaque); }

  static const SlirpCb& callbacks() {
    static const SlirpCb all = [] {
      SlirpCb cb{};
      cb.send_packet = [](const void* bytes, std::size_t size, void* opaque) {
        self(opaque).send({static_cast<const std::byte*>(bytes), size});
        return static_cast<ssize_t>(size);
      };
      cb.guest_error = [](const char*, void*) {};
      cb.clock_get_ns = [](void*) {
        return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                             std::chrono::steady_clock::now().time_since_epoch())
                                             .count());
      };
      // Only IPv6, which is off, has timers.
      cb.timer_new = [](SlirpTimerCb, void*, void*) -> void* { return nullptr; };
      cb.timer_free = [](void*, void*) {};
      cb.timer_mod = [](void*, std::int64_t, void*) {};
      cb.register_poll_fd = [](int, void*) {};
      cb.unregister_poll_fd = [](int, void*) {};
      cb.notify = [](void*) {};
      return cb;
    }();
    return all;
  }

  void send(Frame frame) {
    if (output_.size() - sent_ + frame.size() > kOutputLimit) return;
    std::array<std::byte, StreamDecoder::kLengthBytes> length{};
    put_length(frame.size(), length);
    output_.insert(output_.end(), length.begin(), length.end());
    output_.insert(output_.end(), frame.begin(), frame.end());
  }

  /// False: the fabric is gone.
  bool flush() {
    while (sent_ < output_.size()) {
      const ssize_t count = ::send(fabric_.get(), output_.data() + sent_, output_.size() - sent_,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) break;
      if (count < 0) return false;
      sent_ += static_cast<std::size_t>(count);
    }
    if (sent_ == output_.size() || sent_ > kOutputLimit) {
      output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
    return true;
  }

  /// False: the fabric is gone.
  bool receive() {
    const auto space = input_.space();
    const ssize_t count = ::recv(fabric_.get(), space.data(), space.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return false;
    input_.filled(static_cast<std::size_t>(count));
    while (const auto frame = input_.next()) take(*frame);
    return !input_.bad();
  }

  bool may_begin() {
    const auto now = std::chrono::steady_clock::now();
    if (now - beginnings_since_ >= kBeginning) {
      beginnings_since_ = now;
      beginnings_ = 0;
    }
    return beginnings_++ < kMostBeginnings;
  }

  void take(Frame frame) {
    if (!is_arp(frame)) {
      const auto segment = tcp_segment(frame);
      if (!segment || segment->to != kPort) return;
      // At the end of a handshake libslirp connects to the relay here and now, and would wait if
      // nobody took connections.
      relay_.accept_all();
      // What begins while the target is away is not answered, so that the node tries again: a
      // connection that came about and ended would have its initiator wait for a login's time-out.
      if ((segment->flags & TcpSegment::kSyn) != 0 && (!relay_.is_there() || !may_begin())) return;
    }
    ::slirp_input(slirp_.get(), reinterpret_cast<const std::uint8_t*>(frame.data()),
                  static_cast<int>(frame.size()));
  }

  /// Polled descriptors: libslirp's from `kOwn` on, the relay's behind them.
  static constexpr std::size_t kOwn = 2;

  static int add_poll(int descriptor, int events, void* opaque) {
    std::vector<pollfd>& polled = self(opaque).polled_;
    const auto bit = [&](int theirs, int ours) { return (events & theirs) != 0 ? ours : 0; };
    polled.push_back({descriptor,
                      static_cast<short>(bit(SLIRP_POLL_IN, POLLIN) | bit(SLIRP_POLL_OUT, POLLOUT) |
                                         bit(SLIRP_POLL_PRI, POLLPRI)),
                      0});
    return static_cast<int>(polled.size()) - 1;
  }

  static int found(int index, void* opaque) {
    const int events = self(opaque).polled_[static_cast<std::size_t>(index)].revents;
    const auto bit = [&](int ours, int theirs) { return (events & ours) != 0 ? theirs : 0; };
    return bit(POLLIN, SLIRP_POLL_IN) | bit(POLLOUT, SLIRP_POLL_OUT) |
           bit(POLLPRI, SLIRP_POLL_PRI) | bit(POLLERR, SLIRP_POLL_ERR) |
           bit(POLLHUP, SLIRP_POLL_HUP);
  }

  /// Until it is asked to stop, or the fabric is gone.
  void run() {
    while (true) {
      polled_.clear();
      polled_.push_back({stop_.get(), POLLIN, 0});
      polled_.push_back(
          {fabric_.get(), static_cast<short>(POLLIN | (output_.empty() ? 0 : POLLOUT)), 0});
      std::uint32_t patience = 1'000;
      ::slirp_pollfds_fill(slirp_.get(), &patience, &Stack::add_poll, this);
      const std::size_t behind = polled_.size();
      relay_.add_to(polled_);
      const int count = ::poll(polled_.data(), polled_.size(), static_cast<int>(patience));
      if (count < 0 && errno != EINTR) return;
      if (polled_[0].revents != 0) return;
      if (count >= 0) relay_.serve(polled_.data() + behind);
      ::slirp_pollfds_poll(slirp_.get(), count < 0 ? 1 : 0, &Stack::found, this);
      if (count > 0 && (polled_[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive())
        return;
      if (!flush()) return;
    }
  }

  Relay relay_;
  Descriptor fabric_;
  Descriptor stop_;
  StreamDecoder input_;
  std::vector<std::byte> output_;
  std::size_t sent_ = 0;
  int beginnings_ = 0;
  std::chrono::steady_clock::time_point beginnings_since_{};
  std::vector<pollfd> polled_;
  std::unique_ptr<Slirp, EndSlirp> slirp_;
  std::thread thread_;
};

TargetGateway::TargetGateway(const std::filesystem::path& fabric_socket,
                             const std::filesystem::path& relay_socket, const std::string& host,
                             std::uint16_t port)
    : stack_(std::make_unique<Stack>(fabric_socket, relay_socket, host, port)) {}

TargetGateway::~TargetGateway() = default;

}  // namespace gridlock
