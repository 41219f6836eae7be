// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/control_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "agent/wire.h"
#include "base/error.h"

namespace gridlock {
namespace {

constexpr std::size_t kLineLimit = 256 * 1024;
/// What may wait for a client: some seconds of a talkative program on its node.
constexpr std::size_t kWaitingLimit = 16 * 1024 * 1024;
constexpr int kMostGarbage = 100;
constexpr int kReadsPerTurn = 4;
constexpr Milliseconds kWriteAgain{5};

}  // namespace

struct ControlSocket::Connection {
  Descriptor socket;
  EventLoop::TimerId watch = 0;
  EventLoop::TimerId again = 0;  ///< 0: nothing waits
  wire::LineSplitter lines{kLineLimit};
  std::string waiting;
  int garbage = 0;
};

ControlSocket::ControlSocket(std::filesystem::path path, EventLoop& loop, Handlers handlers)
    : path_(std::move(path)), loop_(loop), handlers_(std::move(handlers)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.native().size() >= sizeof address.sun_path)
    throw Error(fmt::format("the path of the control socket is too long: {}", path_.string()),
                "let the run directory have a shorter path");
  std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
  listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener_ ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path_.c_str(), 0600) != 0 || ::listen(listener_.get(), kMostClients) != 0)
    throw Error(fmt::format("the control socket {}: {}", path_.string(),
                            std::generic_category().message(errno)));
  watch_ = loop_.watch_readable(listener_.get(), [this] { accept_all(); });
}

ControlSocket::~ControlSocket() {
  loop_.cancel(watch_);
  for (const auto& [client, connection] : clients_) {
    loop_.cancel(connection->watch);
    loop_.cancel(connection->again);
  }
  ::unlink(path_.c_str());
}

void ControlSocket::accept_all() {
  // Bounded, so that clients that come again and again do not keep the loop.
  for (std::size_t i = 0; i < kMostClients; ++i) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    if (clients_.size() >= kMostClients) {
      constexpr std::string_view kFull = "{\"ok\":false,\"error\":\"too many clients\"}\n";
      (void)::send(socket.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      continue;
    }
    const Client client = ++last_;
    auto connection = std::make_unique<Connection>();
    connection->watch = loop_.watch_readable(socket.get(), [this, client] { readable(client); });
    connection->socket = std::move(socket);
    clients_.emplace(client, std::move(connection));
  }
}

void ControlSocket::readable(Client client) {
  std::array<char, 64 * 1024> buffer;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto found = clients_.find(client);
    if (found == clients_.end()) return;
    const ssize_t count = ::read(found->second->socket.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return drop(client);
    // Whoever hears a line may hang up on its client.
    std::vector<std::string> lines;
    const std::uint64_t before = found->second->lines.too_long();
    found->second->lines.add({buffer.data(), static_cast<std::size_t>(count)},
                             [&](std::string_view line) { lines.emplace_back(line); });
    if (found->second->lines.too_long() > before) lines.emplace_back();
    for (const std::string& line : lines) heard(client, line);
  }
}

void ControlSocket::heard(Client client, const std::string& line) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  const auto request = parse_json(line);
  if (request && request->is_object() && !text_or(*request, "request", "").empty())
    return handlers_.on_request(client, *request);
  if (++found->second->garbage > kMostGarbage) return drop(client);
  say(client, {{"ok", false}, {"error", "not understood: a request is a JSON object in one line"}});
}

void ControlSocket::say(Client client, const Json& line) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  Connection& connection = *found->second;
  connection.waiting += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (connection.again == 0) flush(client);
}

void ControlSocket::flush(Client client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  Connection& connection = *found->second;
  connection.again = 0;
  std::size_t sent = 0;
  while (sent < connection.waiting.size()) {
    const ssize_t count = ::send(connection.socket.get(), connection.waiting.data() + sent,
                                 connection.waiting.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  connection.waiting.erase(0, sent);
  if (connection.waiting.empty()) return;
  // A client that went is noticed where it is read. One that takes nothing must not cost memory
  // for ever; not at once, since the caller may be in the middle of its affairs.
  if (connection.waiting.size() > kWaitingLimit)
    connection.again = loop_.after(Milliseconds{0}, [this, client] { drop(client); });
  else
    connection.again = loop_.after(kWriteAgain, [this, client] { flush(client); });
}

void ControlSocket::drop(Client client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  loop_.cancel(found->second->watch);
  loop_.cancel(found->second->again);
  clients_.erase(found);
  handlers_.on_gone(client);
}

}  // namespace gridlock
