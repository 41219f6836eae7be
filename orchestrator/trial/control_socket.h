// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/json.h"
#include "host/descriptor.h"

namespace gridlock {

/// A UNIX socket at which others ask and are told things, one JSON object a line (docs/looking.md).
/// Only our user reaches it. What comes is bounded and checked: a line that is no object is
/// answered with an error, and who sends many of them, or takes nothing of what it is told, is hung
/// up on. Made and used on the loop's thread.
class ControlSocket {
 public:
  /// A number never used again.
  using Client = std::uint64_t;
  struct Handlers {
    std::function<void(Client, const Json& request)> on_request;
    std::function<void(Client)> on_gone;  ///< the client went away, or was hung up on
  };

  static constexpr std::size_t kMostClients = 32;

  /// Listens at `path`, whose folder must be ours alone. Throws Error, also for a path that is too
  /// long for a socket.
  ControlSocket(std::filesystem::path path, EventLoop& loop, Handlers handlers);
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;
  ~ControlSocket();

  /// To a client that is there still; never blocks.
  void say(Client client, const Json& line);

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Connection;

  void accept_all();
  void readable(Client client);
  void heard(Client client, const std::string& line);
  void flush(Client client);
  void drop(Client client);

  std::filesystem::path path_;
  EventLoop& loop_;
  Handlers handlers_;
  Descriptor listener_;
  EventLoop::TimerId watch_ = 0;
  std::map<Client, std::unique_ptr<Connection>> clients_;
  Client last_ = 0;
};

}  // namespace gridlock
