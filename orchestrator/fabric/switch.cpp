// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/switch.h"

#include <algorithm>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr std::size_t kMacBytes = 6;

std::uint64_t mac_at(Frame frame, std::size_t offset) {
  std::uint64_t mac = 0;
  for (const std::byte byte : frame.subspan(offset, kMacBytes))
    mac = mac << 8 | std::to_integer<std::uint64_t>(byte);
  return mac;
}

/// Group addresses (multicast and broadcast) have the lowest bit of the first byte set.
bool is_group(std::uint64_t mac) { return (mac >> 40 & 1) != 0; }

}  // namespace

int Switch::add_port() {
  addresses_.emplace_back();
  return static_cast<int>(addresses_.size()) - 1;
}

const std::vector<int>& Switch::route(int from, Frame frame) {
  GRIDLOCK_CHECK(frame.size() >= StreamDecoder::kMinFrame, "a frame has an Ethernet header");
  const Mac destination = mac_at(frame, 0);
  learn(from, mac_at(frame, kMacBytes));

  targets_.clear();
  const auto known = is_group(destination) ? port_of_.end() : port_of_.find(destination);
  if (known != port_of_.end()) {
    if (known->second != from) targets_.push_back(known->second);
    return targets_;
  }
  for (int port = 0; port < static_cast<int>(addresses_.size()); ++port)
    if (port != from) targets_.push_back(port);
  return targets_;
}

void Switch::learn(int port, Mac mac) {
  if (is_group(mac) || mac == 0) return;
  const auto [entry, added] = port_of_.try_emplace(mac, port);
  if (!added && entry->second == port) return;
  if (!added) {
    std::erase(addresses_[static_cast<std::size_t>(entry->second)], mac);
    entry->second = port;
  }
  auto& own = addresses_[static_cast<std::size_t>(port)];
  if (own.size() == kAddressesPerPort) {
    port_of_.erase(own.front());
    own.erase(own.begin());
  }
  own.push_back(mac);
}

void Switch::forget(int port) {
  auto& own = addresses_[static_cast<std::size_t>(port)];
  for (const Mac mac : own) port_of_.erase(mac);
  own.clear();
}

}  // namespace gridlock
