// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/descriptor.h"

namespace gridlock {

/// Connections to a UNIX socket, each carried on to one TCP service. Turned by its owner, who
/// polls: nothing here waits. A connection ends when either side does, after what that side had
/// sent.
class Relay {
 public:
  /// A session has one connection; a node may begin a new one before it knows that the old one
  /// broke.
  static constexpr std::size_t kMostConnections = 64;

  /// Listens at `socket` (mode 0600). Throws Error if `host` is not to be found or the socket
  /// cannot be made.
  Relay(std::filesystem::path socket, const std::string& host, std::uint16_t port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Takes what connects; beyond kMostConnections it is closed again.
  void accept_all();
  /// Whether the service takes connections, as far as is known. If a connection with it has ended
  /// since it was last seen to, it is being tried, and until then the answer is no.
  bool is_there();
  /// Adds the descriptors to be polled.
  void add_to(std::vector<pollfd>& polled);
  /// Moves bytes. `polled` is what add_to() added, with what poll() found.
  void serve(const pollfd* polled);

 private:
  /// One of two directions.
  struct Way {
    std::vector<char> bytes;
    std::size_t sent = 0;
    bool ended = false;  ///< nothing more comes

    bool has_room() const;
    bool is_empty() const { return sent == bytes.size(); }
  };
  struct Connection {
    Descriptor inner;  ///< of the UNIX socket
    Descriptor outer;  ///< TCP
    Way out;           ///< from inner to outer
    Way in;
    bool over = false;
  };
  static void receive(const Descriptor& from, Way& way);
  static void send(const Descriptor& to, Way& way);
  /// Empty if it cannot even be tried.
  Descriptor begin() const;

  std::filesystem::path path_;
  Descriptor listener_;
  sockaddr_storage address_{};
  socklen_t address_size_ = 0;
  std::vector<Connection> connections_;
  bool there_ = true;
  Descriptor trial_;  ///< a connection that is only tried; empty: none is
  std::size_t polled_ = 0;  ///< connections that the last add_to() knew
};

}  // namespace gridlock
