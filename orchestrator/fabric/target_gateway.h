// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace gridlock {

/// What a port of the fabric leads to where nodes are iSCSI initiators themselves: one address with
/// one TCP port, behind which is a target that the host reaches. Nodes reach nothing else of the
/// host: frames that are neither ARP nor TCP to that port are dropped, and the TCP stack, libslirp,
/// is told to let nothing else through. It connects to the port's socket like a node's QEMU, and
/// has one thread.
class TargetGateway {
 public:
  static constexpr const char* kAddress = "10.77.0.254";
  static constexpr std::uint16_t kPort = 3260;

  /// `fabric_socket` is the port's; `relay_socket` is made. Throws Error if the port does not take
  /// the connection, or `host` is not to be found.
  TargetGateway(const std::filesystem::path& fabric_socket,
                const std::filesystem::path& relay_socket, const std::string& host,
                std::uint16_t port);
  ~TargetGateway();
  TargetGateway(const TargetGateway&) = delete;
  TargetGateway& operator=(const TargetGateway&) = delete;

 private:
  class Stack;
  std::unique_ptr<Stack> stack_;
};

}  // namespace gridlock
