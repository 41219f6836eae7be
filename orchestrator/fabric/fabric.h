// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/duration.h"

namespace gridlock {

/// Counters of one port since it was made.
struct PortCounters {
  std::uint64_t frames_in = 0;   ///< from the node
  std::uint64_t frames_out = 0;  ///< to the node
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t dropped = 0;  ///< meant for the node, but it did not read fast enough
  bool connected = false;     ///< QEMU is connected now
  std::string closed;         ///< why the port was closed, if it was: "peer closed", "bad length"
};

/// What went between the nodes for one service.
struct Traffic {
  std::uint64_t frames = 0;  ///< that carried bytes of it; with segmentation offload one frame can
                             ///< carry many messages
  std::uint64_t bytes = 0;   ///< of it, without headers; what was sent again counts again
};

/// A frame that was kept on its way to a port.
struct KeptFrame {
  int to = 0;  ///< port
  std::vector<std::byte> bytes;
};

/// The Ethernet switch between the nodes: one listening UNIX socket per port, QEMU's `stream`
/// framing (4 bytes of length, big endian, then the frame), MAC learning, one thread. The calls
/// are safe from any thread. The destructor closes every port and removes the sockets.
class Fabric {
 public:
  virtual ~Fabric() = default;

  /// Makes a port that listens at `socket` (mode 0600, owned by `uid`) for one connection at a
  /// time. Ports are counted from 0.
  virtual int add_port(const std::filesystem::path& socket, unsigned uid) = 0;

  virtual std::vector<PortCounters> counters() const = 0;

  /// What the nodes have sent to and from the service's TCP port, the DLM's, since the fabric was
  /// made. Waits for nothing.
  virtual Traffic dlm_traffic() const = 0;

  /// Keeps every frame from now on, and waits at most `limit` until the nodes have taken those that
  /// were on their way. False if one did not.
  virtual bool hold(Milliseconds limit) = 0;

  /// What was kept since hold(), in order, once what the nodes had sent is read: wait at most
  /// `limit` for that, after they were paused. It stays kept.
  virtual std::vector<KeptFrame> kept(Milliseconds limit) = 0;

  /// Delivers what was kept, and goes on. Without a hold() before: nothing.
  virtual void release() = 0;

  /// Whether a port's cable carries frames. While it is `cut`, what its node sends and what it is
  /// sent is lost; the node's own link stays up, as with a switch that fails behind it.
  enum class Cable { whole, cut };
  virtual void set_cable(int port, Cable cable) = 0;

  /// Sends frames to their ports, as if their nodes' peers had sent them now.
  virtual void inject(const std::vector<KeptFrame>& frames) = 0;
};

/// Who of two nodes opens a connection to the other's service.
enum class Meeting {
  both,  ///< so that it is made sure that they cross: crossing.h
  one,
};

/// `service`: the TCP port, the DLM's, on which nodes meet as `meeting` says and whose traffic is
/// counted.
std::unique_ptr<Fabric> make_fabric(std::uint16_t service, Meeting meeting = Meeting::both);

}  // namespace gridlock
