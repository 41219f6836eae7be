// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/tcp_probe.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "host/descriptor.h"

namespace gridlock {

std::string tcp_problem(const std::string& host, std::uint16_t port, Milliseconds limit) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int wrong = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(list, &::freeaddrinfo);
  if (wrong != 0) return ::gai_strerror(wrong);
  const auto message = [](int error) { return std::generic_category().message(error); };
  const Descriptor socket(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return message(errno);
  if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return message(errno);
  pollfd connecting{socket.get(), POLLOUT, 0};
  if (::poll(&connecting, 1, static_cast<int>(limit.count())) <= 0)
    return "no answer within " + to_string(limit);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::string() : message(error);
}

}  // namespace gridlock
