// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fabric/stream_decoder.h"

namespace gridlock {

/// Which ports a frame goes to: a MAC-learning Ethernet switch (IEEE 802.1D, 7.7 to 7.9, without
/// ageing: a node's address moves when it speaks on another port).
class Switch {
 public:
  /// Addresses one port may hold. Beyond it the one learned first goes, so that a node that invents
  /// addresses pushes out only its own.
  static constexpr std::size_t kAddressesPerPort = 32;

  /// Adds a port; ports are counted from 0.
  int add_port();

  /// Learns the source of `frame`, which came in at `from` and has at least 14 bytes, and says
  /// where it goes: the port of its destination; every other port if that is a group address or
  /// unknown; nowhere if the destination is at `from`. Valid until the next call.
  const std::vector<int>& route(int from, Frame frame);

  /// Forgets every address of `port`: another machine is behind it now.
  void forget(int port);

  std::size_t address_count() const { return port_of_.size(); }

 private:
  using Mac = std::uint64_t;
  void learn(int port, Mac mac);

  std::unordered_map<Mac, int> port_of_;
  std::vector<std::vector<Mac>> addresses_;  ///< of each port, in the order they were learned
  std::vector<int> targets_;
};

}  // namespace gridlock
