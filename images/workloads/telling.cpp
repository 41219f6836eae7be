// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/telling.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

constexpr std::uint64_t kMagic = 0x324c4c4554474c47;
constexpr std::chrono::milliseconds kAnswerLimit{200};
constexpr std::chrono::milliseconds kListenTurn{100};

/// A write that ended; a question, or its answer, which version was begun.
struct Message {
  std::uint64_t magic;
  std::uint64_t seed;
  std::uint64_t process;
  std::uint64_t slot;
  std::uint64_t version;   ///< nothing in a question
  std::uint64_t question;  ///< its number, from 1; 0: a write that ended
};

sockaddr_in address_of(const Peer& peer) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(peer.port);
  if (::inet_pton(AF_INET, peer.address.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("'" + peer.address + "' is no IPv4 address");
  return address;
}

int udp_socket() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw_errno("a UDP socket");
  return descriptor;
}

int udp_socket_to(const Peer& peer) {
  const sockaddr_in address = address_of(peer);
  const int descriptor = udp_socket();
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("connecting a UDP socket");
  return descriptor;
}

void limit_waits(int descriptor, std::chrono::milliseconds limit) {
  const timeval turn{0, std::chrono::microseconds(limit).count()};
  if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof turn) != 0)
    throw_errno("SO_RCVTIMEO");
}

}  // namespace

Versions::Versions(const Options& options, std::uint64_t slots)
    : processes_(options.processes), slots_(slots) {
  void* const memory = ::mmap(nullptr, processes_ * slots_ * sizeof *versions_,
                              PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("shared memory");
  versions_ = static_cast<std::atomic<std::uint64_t>*>(memory);
}

Teller::Teller(const Options& options) : seed_(options.seed) {
  if (options.peers.empty() || options.observe.empty()) return;
  socket_ = udp_socket_to(options.peers.at(options.previous_node() - 1));
}

Teller::~Teller() {
  if (socket_ >= 0) ::close(socket_);
}

void Teller::wrote(std::uint64_t process, std::uint64_t slot, std::uint64_t version) const {
  if (socket_ < 0) return;
  const Message message{kMagic, seed_, process, slot, version, 0};
  // Nobody may be listening yet or any more.
  static_cast<void>(::send(socket_, &message, sizeof message, MSG_DONTWAIT));
}

Asker::Asker(const Options& options) : seed_(options.seed) {
  if (options.peers.empty()) return;
  socket_ = udp_socket_to(options.peers.at(options.next_node() - 1));
  limit_waits(socket_, kAnswerLimit);
}

Asker::~Asker() {
  if (socket_ >= 0) ::close(socket_);
}

std::optional<std::uint64_t> Asker::begun(std::uint64_t process, std::uint64_t slot) {
  if (socket_ < 0) return std::nullopt;
  const Message question{kMagic, seed_, process, slot, 0, ++question_};
  if (::send(socket_, &question, sizeof question, MSG_DONTWAIT) < 0) return std::nullopt;
  const auto end = std::chrono::steady_clock::now() + kAnswerLimit;
  // What comes first may be the late answer to an earlier question.
  while (std::chrono::steady_clock::now() < end) {
    Message answer{};
    const ssize_t count = ::recv(socket_, &answer, sizeof answer, 0);
    if (count < 0) return std::nullopt;
    if (count != static_cast<ssize_t>(sizeof answer) || answer.magic != kMagic ||
        answer.seed != seed_ || answer.question != question_ || answer.process != process ||
        answer.slot != slot)
      continue;
    if (answer.version == 0) return std::nullopt;
    return answer.version;
  }
  return std::nullopt;
}

void listen(const Options& options, Versions& told, const Versions& begun,
            const std::atomic<bool>& ended) {
  const int descriptor = udp_socket();
  const sockaddr_in address = address_of(options.peers.at(options.node - 1));
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("listening on UDP port " + std::to_string(options.peers[options.node - 1].port));
  limit_waits(descriptor, kListenTurn);
  while (!ended) {
    Message message{};
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t count = ::recvfrom(descriptor, &message, sizeof message, 0,
                                     reinterpret_cast<sockaddr*>(&from), &length);
    if (count != static_cast<ssize_t>(sizeof message) || message.magic != kMagic ||
        message.seed != options.seed || !told.has(message.process, message.slot))
      continue;
    if (message.question == 0) {
      // Datagrams may overtake each other, which raising does not mind.
      told.raise(message.process, message.slot, message.version);
      continue;
    }
    message.version = begun.of(message.process, message.slot);
    static_cast<void>(::sendto(descriptor, &message, sizeof message, MSG_DONTWAIT,
                               reinterpret_cast<const sockaddr*>(&from), length));
  }
  ::close(descriptor);
}

}  // namespace gridlock::mdio
