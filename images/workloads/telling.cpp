// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/telling.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

constexpr std::uint64_t kMagic = 0x314c4c4554474c47;

struct Message {
  std::uint64_t magic;
  std::uint64_t seed;
  std::uint64_t process;
  std::uint64_t slot;
  std::uint64_t version;
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

}  // namespace

Teller::Teller(const Options& options) : seed_(options.seed) {
  if (options.peers.empty() || options.observe.empty()) return;
  const sockaddr_in address = address_of(options.peers.at(options.previous_node() - 1));
  socket_ = udp_socket();
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("connecting a UDP socket");
}

Teller::~Teller() {
  if (socket_ >= 0) ::close(socket_);
}

void Teller::wrote(std::uint64_t process, std::uint64_t slot, std::uint64_t version) const {
  if (socket_ < 0) return;
  const Message message{kMagic, seed_, process, slot, version};
  // Nobody may be listening yet or any more.
  static_cast<void>(::send(socket_, &message, sizeof message, MSG_DONTWAIT));
}

Told::Told(const Options& options, std::uint64_t slots)
    : processes_(options.processes), slots_(slots) {
  void* const memory = ::mmap(nullptr, processes_ * slots_ * sizeof *versions_,
                              PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("shared memory");
  versions_ = static_cast<std::atomic<std::uint64_t>*>(memory);
}

void Told::listen(const Options& options, const std::atomic<bool>& ended) {
  const int descriptor = udp_socket();
  const sockaddr_in address = address_of(options.peers.at(options.node - 1));
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("listening on UDP port " + std::to_string(options.peers[options.node - 1].port));
  const timeval turn{0, 100'000};
  if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof turn) != 0)
    throw_errno("SO_RCVTIMEO");
  while (!ended) {
    Message message{};
    const ssize_t count = ::recv(descriptor, &message, sizeof message, 0);
    if (count != static_cast<ssize_t>(sizeof message) || message.magic != kMagic ||
        message.seed != options.seed || message.process == 0 || message.process > processes_ ||
        message.slot >= slots_)
      continue;
    // Datagrams may overtake each other.
    auto& version = versions_[(message.process - 1) * slots_ + message.slot];
    if (version.load(std::memory_order_relaxed) < message.version)
      version.store(message.version, std::memory_order_release);
  }
  ::close(descriptor);
}

}  // namespace gridlock::mdio
