// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/relay.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace gridlock {
namespace {

/// What may wait for one side of a connection.
constexpr std::size_t kWayLimit = 256 << 10;
constexpr std::size_t kReadBytes = 64 << 10;

[[noreturn]] void fail(const std::string& doing, const std::string& why) {
  throw Error(fmt::format("the way to the iSCSI target: {}: {}", doing, why));
}

std::string message(int error) { return std::generic_category().message(error); }

}  // namespace

bool Relay::Way::has_room() const { return !ended && bytes.size() - sent < kWayLimit; }

Relay::Relay(std::filesystem::path socket, const std::string& host, std::uint16_t port)
    : path_(std::move(socket)) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int wrong = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(list, &::freeaddrinfo);
  if (wrong != 0) fail("looking up " + host, ::gai_strerror(wrong));
  std::memcpy(&address_, found->ai_addr, found->ai_addrlen);
  address_size_ = found->ai_addrlen;

  sockaddr_un here{};
  here.sun_family = AF_UNIX;
  const std::string& name = path_.native();
  if (name.size() >= sizeof here.sun_path) fail("listening at " + name, "the path is too long");
  name.copy(here.sun_path, name.size());
  listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ::unlink(name.c_str());
  if (!listener_ ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      ::chmod(name.c_str(), 0600) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0)
    fail("listening at " + name, message(errno));
}

Relay::~Relay() { ::unlink(path_.c_str()); }

Descriptor Relay::begin() const {
  Descriptor outer(
      ::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!outer) return {};
  const int one = 1;
  ::setsockopt(outer.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const bool begun =
      ::connect(outer.get(), reinterpret_cast<const sockaddr*>(&address_), address_size_) == 0 ||
      errno == EINPROGRESS;
  return begun ? std::move(outer) : Descriptor();
}

bool Relay::is_there() {
  if (!there_ && !trial_) trial_ = begin();
  return there_;
}

void Relay::accept_all() {
  while (true) {
    Connection connection;
    connection.inner =
        Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.inner) return;
    if (connections_.size() >= kMostConnections) continue;
    connection.outer = begin();
    // Where there is no way on, the end of this side says so.
    if (connection.outer)
      connections_.push_back(std::move(connection));
    else
      there_ = false;
  }
}

void Relay::add_to(std::vector<pollfd>& polled) {
  const auto events = [](bool reads, bool writes) {
    return static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
  };
  polled.push_back({listener_.get(), POLLIN, 0});
  polled.push_back({trial_.get(), POLLOUT, 0});  // of -1 poll() finds nothing
  polled_ = connections_.size();
  for (const Connection& one : connections_) {
    polled.push_back({one.inner.get(), events(one.out.has_room(), !one.in.is_empty()), 0});
    polled.push_back({one.outer.get(), events(one.in.has_room(), !one.out.is_empty()), 0});
  }
}

void Relay::receive(const Descriptor& from, Way& way) {
  const std::size_t before = way.bytes.size();
  way.bytes.resize(before + kReadBytes);
  const ssize_t count = ::recv(from.get(), way.bytes.data() + before, kReadBytes, 0);
  way.bytes.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) way.ended = true;
}

void Relay::send(const Descriptor& to, Way& way) {
  const ssize_t count =
      ::send(to.get(), way.bytes.data() + way.sent, way.bytes.size() - way.sent, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    way.ended = true;
    way.sent = way.bytes.size();  // nobody takes it any more
  }
  if (count > 0) way.sent += static_cast<std::size_t>(count);
  if (way.is_empty() || way.sent > kWayLimit) {
    way.bytes.erase(way.bytes.begin(), way.bytes.begin() + static_cast<std::ptrdiff_t>(way.sent));
    way.sent = 0;
  }
}

void Relay::serve(const pollfd* polled) {
  constexpr short kIn = POLLIN | POLLHUP | POLLERR;
  const std::size_t known = std::exchange(polled_, 0);
  for (std::size_t i = 0; i < known; ++i) {
    Connection& one = connections_[i];
    const short inner = polled[2 + 2 * i].revents;
    const short outer = polled[3 + 2 * i].revents;
    if ((inner & kIn) != 0 && one.out.has_room()) receive(one.inner, one.out);
    if ((outer & kIn) != 0 && one.in.has_room()) receive(one.outer, one.in);
    if (!one.out.is_empty()) send(one.outer, one.out);
    if (!one.in.is_empty()) send(one.inner, one.in);
    one.over = (one.out.ended && one.out.is_empty()) || (one.in.ended && one.in.is_empty());
    if (one.in.ended) there_ = false;
  }
  if (polled[1].fd >= 0 && polled[1].revents != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(trial_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    there_ = error == 0;
    trial_.reset();
  }
  std::erase_if(connections_, [](const Connection& one) { return one.over; });
  if ((polled[0].revents & POLLIN) != 0) accept_all();
}

}  // namespace gridlock
