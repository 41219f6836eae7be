// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/fabric.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "fabric/crossing.h"
#include "fabric/stream_decoder.h"
#include "fabric/switch.h"
#include "fabric/tcp_segment.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// What may wait for one node that does not read: a few hundred milliseconds of a busy cluster.
constexpr std::size_t kQueueLimit = std::size_t{4} << 20;
/// How often it is looked whether sockets are empty; there is no event for that.
constexpr int kDrainLookMs = 1;

[[noreturn]] void fail(std::string_view doing, int error) {
  throw Error(fmt::format("fabric: {}: {}", doing, std::generic_category().message(error)));
}

Descriptor listen_at(const std::filesystem::path& path, unsigned uid) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = path.native();
  if (name.size() >= sizeof(address.sun_path))
    throw Error(fmt::format("fabric: the socket path {} is {} bytes long, the limit is {}", name,
                            name.size(), sizeof(address.sun_path) - 1),
                "let the run directory have a shorter path");
  name.copy(address.sun_path, name.size());

  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) fail("making a socket", errno);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), generic, sizeof(address)) != 0) fail("binding " + name, errno);
  // Nobody can connect before listen(), so there is no moment with wider rights.
  const bool ready =
      ::chmod(name.c_str(), 0600) == 0 &&
      (uid == ::geteuid() || ::chown(name.c_str(), uid, static_cast<gid_t>(-1)) == 0) &&
      ::listen(socket.get(), 1) == 0;
  if (!ready) {
    const int error = errno;
    ::unlink(name.c_str());
    fail("listening at " + name, error);
  }
  return socket;
}

/// Bytes on their way to one node: whole frames with their lengths.
class OutputQueue {
 public:
  /// False if there is no room for the whole frame.
  bool push(Frame frame) {
    if (size() + StreamDecoder::kLengthBytes + frame.size() > kQueueLimit) return false;
    std::array<std::byte, StreamDecoder::kLengthBytes> length{};
    put_length(frame.size(), length);
    bytes_.insert(bytes_.end(), length.begin(), length.end());
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    return true;
  }
  std::span<const std::byte> front() const { return std::span(bytes_).subspan(sent_); }
  void pop(std::size_t count) {
    sent_ += count;
    if (sent_ == bytes_.size()) {
      clear();
    } else if (sent_ > kQueueLimit / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
  }
  void clear() {
    bytes_.clear();
    sent_ = 0;
  }
  std::size_t size() const { return bytes_.size() - sent_; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t sent_ = 0;
};

struct Port {
  int index = 0;
  std::filesystem::path path;
  Descriptor listener;
  Descriptor node;  ///< the connection with QEMU, if there is one
  StreamDecoder input;
  OutputQueue output;
  bool waits_for_room = false;  ///< epoll watches `node` for output, too
  bool touched = false;         ///< got frames in this round
  Fabric::Cable cable = Fabric::Cable::whole;
  PortCounters counters;
};

class EpollFabric final : public Fabric {
 public:
  EpollFabric(std::uint16_t service, Meeting meeting)
      : service_(service),
        meeting_(meeting),
        crossing_(service),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!epoll_ || !stop_) fail("setting up", errno);
    watch(EPOLL_CTL_ADD, stop_, EPOLLIN, kStopToken);
    thread_ = std::thread([this] { run_to_the_end(); });
  }

  ~EpollFabric() override {
    const std::uint64_t one = 1;
    // An eventfd of our own with room: this cannot fail or block.
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof(one));
    thread_.join();
    for (const auto& port : ports_) ::unlink(port->path.c_str());
  }

  int add_port(const std::filesystem::path& socket, unsigned uid) override {
    auto port = std::make_unique<Port>();
    port->path = socket;
    port->listener = listen_at(socket, uid);
    const std::lock_guard lock(mutex_);
    port->index = switch_.add_port();
    ports_.push_back(std::move(port));
    const Port& added = *ports_.back();
    watch(EPOLL_CTL_ADD, added.listener, EPOLLIN, token(added.index, Role::listener));
    return added.index;
  }

  std::vector<PortCounters> counters() const override {
    const std::lock_guard lock(mutex_);
    std::vector<PortCounters> all;
    all.reserve(ports_.size());
    for (const auto& port : ports_) all.push_back(port->counters);
    return all;
  }

  Traffic dlm_traffic() const override { return {service_frames_, service_bytes_}; }

  bool hold(Milliseconds limit) override {
    {
      const std::lock_guard lock(mutex_);
      holding_ = true;
    }
    return wait_for(limit, [](const Port& port) {
      int waiting = 0;
      return port.output.size() == 0 && ::ioctl(port.node.get(), SIOCOUTQ, &waiting) == 0 &&
             waiting == 0;
    });
  }

  std::vector<KeptFrame> kept(Milliseconds limit) override {
    wait_for(limit, [](const Port& port) {
      int waiting = 0;
      return ::ioctl(port.node.get(), FIONREAD, &waiting) == 0 && waiting == 0;
    });
    const std::lock_guard lock(mutex_);
    return kept_;
  }

  void release() override {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    send_all(std::exchange(kept_, {}));
    kept_bytes_ = 0;
  }

  void set_cable(int port, Cable cable) override {
    const std::lock_guard lock(mutex_);
    GRIDLOCK_CHECK(port >= 0 && port < static_cast<int>(ports_.size()), "no such port");
    at(port).cable = cable;
  }

  void inject(const std::vector<KeptFrame>& frames) override {
    const std::lock_guard lock(mutex_);
    send_all(frames);
  }

 private:
  enum class Role : std::uint64_t { listener, node };
  static constexpr std::uint64_t kStopToken = ~std::uint64_t{0};

  static std::uint64_t token(int port, Role role) {
    return static_cast<std::uint64_t>(port) << 1 | static_cast<std::uint64_t>(role);
  }

  void watch(int operation, const Descriptor& descriptor, std::uint32_t events,
             std::uint64_t token) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    if (::epoll_ctl(epoll_.get(), operation, descriptor.get(), &event) != 0)
      fail("watching a socket", errno);
  }

  void run_to_the_end() noexcept {
    try {
      run();
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      for (const auto& port : ports_) {
        port->node.reset();
        port->counters.connected = false;
        port->counters.closed = error.what();
      }
    }
  }

  void run() {
    std::array<epoll_event, 32> events{};
    while (true) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     until_next_release());
      if (count < 0 && errno != EINTR) fail("waiting", errno);
      const std::lock_guard lock(mutex_);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == kStopToken) return;
        const int port = static_cast<int>(event.data.u64 >> 1);
        if (static_cast<Role>(event.data.u64 & 1) == Role::listener)
          accept_on(port);
        else
          serve(port, event.events);
      }
      for (const auto& held : crossing_.release(SteadyClock::now())) deliver(held.to, held.frame);
      for (const auto& port : ports_)
        if (std::exchange(port->touched, false)) flush(*port);
    }
  }

  /// For epoll_wait(): milliseconds until a kept frame goes on, rounded up; -1: none is kept.
  int until_next_release() const {
    const std::lock_guard lock(mutex_);
    const auto next = crossing_.next();
    if (!next) return -1;
    const auto left = std::chrono::ceil<Milliseconds>(*next - SteadyClock::now());
    return static_cast<int>(std::max(left, Milliseconds(0)).count());
  }

  void accept_on(int index) {
    Port& port = at(index);
    Descriptor node(::accept4(port.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!node) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
      port.counters.closed = "accept: " + std::generic_category().message(errno);
      listen_again(index, 0);  // otherwise the same failure comes back at once, for ever
      return;
    }
    // The next connection waits in the backlog until this one has ended.
    listen_again(index, 0);
    port.node = std::move(node);
    port.input = StreamDecoder();
    port.output.clear();
    port.waits_for_room = false;
    port.counters.connected = true;
    port.counters.closed.clear();
    watch(EPOLL_CTL_ADD, port.node, EPOLLIN, token(index, Role::node));
  }

  void listen_again(int index, std::uint32_t events) {
    watch(EPOLL_CTL_MOD, at(index).listener, events, token(index, Role::listener));
  }

  void serve(int index, std::uint32_t events) {
    Port& port = at(index);
    if (!port.node) return;
    if ((events & EPOLLOUT) != 0) flush(port);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(index);
  }

  /// One read a round, so that a node that never stops sending does not keep the others waiting.
  void receive(int index) {
    Port& port = at(index);
    const auto space = port.input.space();
    const ssize_t count = ::recv(port.node.get(), space.data(), space.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      disconnect(index, count == 0 ? "peer closed" : std::generic_category().message(errno));
      return;
    }
    port.input.filled(static_cast<std::size_t>(count));
    while (const auto frame = port.input.next()) {
      ++port.counters.frames_in;
      port.counters.bytes_in += frame->size();
      if (port.cable == Cable::cut) continue;
      count_service(*frame);
      const std::vector<int>& targets = switch_.route(index, *frame);
      if (meeting_ == Meeting::both && targets.size() == 1 &&
          crossing_.keep(index, targets.front(), *frame, SteadyClock::now()))
        continue;
      for (const int target : targets) deliver(target, *frame);
    }
    if (port.input.bad()) disconnect(index, "bad length");
  }

  void count_service(Frame frame) {
    const auto segment = tcp_segment(frame);
    if (!segment || segment->payload == 0) return;
    if (segment->from != service_ && segment->to != service_) return;
    ++service_frames_;
    service_bytes_ += segment->payload;
  }

  /// Waits until `there` holds for every connected port. False: not within `limit`.
  bool wait_for(Milliseconds limit, const std::function<bool(const Port&)>& there) {
    const auto end = SteadyClock::now() + limit;
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (std::all_of(ports_.begin(), ports_.end(),
                        [&](const auto& port) { return !port->node || there(*port); }))
          return true;
      }
      if (SteadyClock::now() >= end) return false;
      ::poll(nullptr, 0, kDrainLookMs);
    }
  }

  void send_all(const std::vector<KeptFrame>& frames) {
    for (const KeptFrame& frame : frames)
      if (frame.to >= 0 && frame.to < static_cast<int>(ports_.size()))
        deliver(frame.to, frame.bytes);
    for (const auto& port : ports_)
      if (std::exchange(port->touched, false)) flush(*port);
  }

  /// The one place every frame to every node passes.
  void deliver(int to, Frame frame) {
    Port& port = at(to);
    if (!port.node || port.cable == Cable::cut) return;
    if (holding_) {
      if (kept_bytes_ + frame.size() > kQueueLimit) {
        ++port.counters.dropped;
        return;
      }
      kept_bytes_ += frame.size();
      kept_.push_back({to, {frame.begin(), frame.end()}});
      return;
    }
    if (!port.output.push(frame)) {
      ++port.counters.dropped;
      return;
    }
    ++port.counters.frames_out;
    port.counters.bytes_out += frame.size();
    port.touched = true;
  }

  void flush(Port& port) {
    if (!port.node) return;
    while (port.output.size() > 0) {
      const auto bytes = port.output.front();
      const ssize_t count = ::send(port.node.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      // Any other failure shows up in receive(), which ends the connection.
      if (count < 0) break;
      port.output.pop(static_cast<std::size_t>(count));
    }
    const bool waits = port.output.size() > 0;
    if (waits == port.waits_for_room) return;
    port.waits_for_room = waits;
    watch(EPOLL_CTL_MOD, port.node, waits ? EPOLLIN | EPOLLOUT : EPOLLIN,
          token(port.index, Role::node));
  }

  void disconnect(int index, std::string why) {
    Port& port = at(index);
    port.node.reset();
    port.output.clear();
    port.counters.connected = false;
    port.counters.closed = std::move(why);
    switch_.forget(index);
    crossing_.forget(index);
    listen_again(index, EPOLLIN);
  }

  Port& at(int index) { return *ports_[static_cast<std::size_t>(index)]; }

  const std::uint16_t service_;
  const Meeting meeting_;
  std::atomic<std::uint64_t> service_frames_{0};
  std::atomic<std::uint64_t> service_bytes_{0};
  Crossing crossing_;
  Descriptor epoll_;
  Descriptor stop_;
  mutable std::mutex mutex_;  ///< guards what follows, and crossing_
  std::vector<std::unique_ptr<Port>> ports_;
  bool holding_ = false;
  std::vector<KeptFrame> kept_;
  std::size_t kept_bytes_ = 0;
  Switch switch_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Fabric> make_fabric(std::uint16_t service, Meeting meeting) {
  return std::make_unique<EpollFabric>(service, meeting);
}

}  // namespace gridlock
