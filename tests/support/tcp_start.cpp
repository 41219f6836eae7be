// SPDX-License-Identifier: GPL-2.0-or-later
// Runs in a node: opens a TCP connection between two fixed ports of the loopback interface and
// prints its initial sequence number, without the part that is the clock: secure_tcp_seq() adds the
// wall clock in units of 64 ns to a secret hash of the addresses and ports (net/core/secure_seq.c).
// Nodes with one secret print numbers that are next to each other.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>

namespace {

constexpr std::uint16_t kFrom = 5001;
constexpr std::uint16_t kTo = 5002;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool bind_to(int socket, std::uint16_t port) {
  const int on = 1;
  const sockaddr_in address = loopback(port);
  return setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
         bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

int main() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int caller = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in to = loopback(kTo);
  timespec now{};
  if (!bind_to(listener, kTo) || listen(listener, 1) != 0 || !bind_to(caller, kFrom) ||
      clock_gettime(CLOCK_REALTIME, &now) != 0 ||
      connect(caller, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("tcp_start: connecting");
    return 1;
  }
  // Only a socket under repair tells its sequence numbers (tcp(7), TCP_REPAIR).
  const int on = 1;
  const int queue = 2;  // TCP_SEND_QUEUE
  std::uint32_t next = 0;
  socklen_t size = sizeof next;
  if (setsockopt(caller, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0 ||
      setsockopt(caller, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof queue) != 0 ||
      getsockopt(caller, IPPROTO_TCP, TCP_QUEUE_SEQ, &next, &size) != 0) {
    std::perror("tcp_start: asking for the sequence number");
    return 1;
  }
  const std::uint64_t nanoseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                                    static_cast<std::uint64_t>(now.tv_nsec);
  const std::uint32_t secret = next - 1 - static_cast<std::uint32_t>(nanoseconds >> 6);
  std::printf("%u\n", secret);
}
