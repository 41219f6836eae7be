// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/tgt_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "base/error.h"

namespace gridlock {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A target with a few initiators fills less than one.
constexpr std::size_t kLongestAnswer = 64 << 10;

[[noreturn]] void fail(const std::string& doing, const std::string& why) {
  throw Error(fmt::format("the iSCSI target: {}: {}", doing, why));
}

std::string message(int error) { return std::generic_category().message(error); }

/// False at the deadline.
bool wait_for(const Descriptor& socket, short events, SteadyClock::time_point end) {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(end - SteadyClock::now());
    pollfd one{socket.get(), events, 0};
    const int count =
        ::poll(&one, 1, static_cast<int>(std::max<Milliseconds::rep>(0, left.count())));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

}  // namespace

Descriptor TgtClient::connect() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = socket_.native();
  if (name.size() >= sizeof address.sun_path)
    throw Error(fmt::format("the iSCSI target's socket path {} is too long", name),
                "let the run directory have a shorter path");
  name.copy(address.sun_path, name.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  const auto attempt = [&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  };
  int error = 0;
  if (uid_ == ::geteuid() && gid_ == ::getegid()) {
    if (attempt() != 0) error = errno;
  } else {
    // Whom the other end sees is who connects: a thread that is that user for as long. The bare
    // calls change the calling thread only; the C library's change every thread (setresuid(2)).
    std::thread([&] {
      if (::syscall(SYS_setresgid, -1, gid_, -1) != 0 ||
          ::syscall(SYS_setresuid, -1, uid_, -1) != 0 || attempt() != 0)
        error = errno;
    }).join();
  }
  if (error == 0) return socket;
  errno = error;
  return {};
}

std::optional<pid_t> TgtClient::process(Milliseconds limit) const {
  const Descriptor socket = connect();
  if (!socket) return std::nullopt;
  // A connection that ends without a request could make tgtd turn for ever: it looks at errno where
  // nothing has failed (mtask_recv_send_handler(), usr/mgmt.c).
  exchange(socket, {TgtRequest::Mode::target, TgtRequest::Operation::show, -1}, "greeting it",
           limit);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    fail("looking who it is", message(errno));
  return peer.pid;
}

std::string TgtClient::ask(const TgtRequest& request, const std::string& doing,
                           Milliseconds limit) const {
  const Descriptor socket = connect();
  if (!socket) fail(doing, message(errno));
  return exchange(socket, request, doing, limit);
}

std::string TgtClient::exchange(const Descriptor& socket, const TgtRequest& request,
                                const std::string& doing, Milliseconds limit) {
  const auto end = SteadyClock::now() + limit;
  const std::string bytes = encode(request);
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (!wait_for(socket, POLLOUT, end)) fail(doing, "it takes no request");
    const ssize_t count =
        ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) fail(doing, message(errno));
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  const auto receive_until = [&](std::size_t size) {
    while (answer.size() < size) {
      if (!wait_for(socket, POLLIN, end)) fail(doing, "it does not answer");
      std::array<char, 4096> buffer{};
      const ssize_t count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) fail(doing, count == 0 ? "it hung up" : message(errno));
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
  };
  receive_until(kTgtAnswerBytes);
  const TgtAnswer said = decode_tgt_answer(answer);
  if (said.error != 0) fail(doing, describe_tgt_error(said.error));
  receive_until(std::min(std::size_t{said.length}, kLongestAnswer));
  return answer.substr(kTgtAnswerBytes);
}

}  // namespace gridlock
