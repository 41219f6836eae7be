// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/waiters.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "agent/child.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

constexpr std::size_t kLongestAnswer = 500;

/// An answer fits any socket's buffer. If it did not, its reader would be no waiter of ours.
void say(const Descriptor& socket, std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  text.resize(std::min(text.size(), kLongestAnswer));
  text += '\n';
  if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

}  // namespace

std::string Waiters::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return path + ": too long for a socket";
  std::memcpy(address.sun_path, path.c_str(), path.size());
  Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) return failure("a socket for barriers", errno);
  ::unlink(path.c_str());
  if (::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0666) != 0 ||
      ::listen(made.get(), static_cast<int>(wire::kMostWaiters)) != 0)
    return failure(path, errno);
  listener_ = std::move(made);
  return {};
}

void Waiters::watch(std::vector<pollfd>& polled) const {
  if (listener_) polled.push_back({listener_.get(), POLLIN, 0});
  for (const auto& [number, waiter] : waiters_)
    if (!waiter.gone) polled.push_back({waiter.socket.get(), POLLIN, 0});
}

void Waiters::accept_all() {
  // Bounded, so that programs that come again and again do not keep the agent from its host.
  for (std::size_t i = 0; listener_ && i < wire::kMostWaiters; ++i) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    if (waiters_.size() >= wire::kMostWaiters)
      say(socket, "error " + std::to_string(wire::kMostWaiters) +
                      " programs of this node wait at barriers already");
    else
      waiters_[++last_].socket = std::move(socket);
  }
}

void Waiters::hear(Waiter& waiter) {
  char buffer[256];
  const ssize_t count = ::read(waiter.socket.get(), buffer, sizeof buffer);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // Who has said a name has nothing more to say.
  waiter.gone = count <= 0 || !waiter.barrier.empty();
  if (waiter.gone) return;
  waiter.said.append(buffer, static_cast<std::size_t>(count));
  const std::size_t end = waiter.said.find('\n');
  if (end == std::string::npos && waiter.said.size() <= wire::kBarrierName) return;
  const std::string name = waiter.said.substr(0, end);
  if (end + 1 == waiter.said.size() && wire::is_barrier_name(name)) {
    waiter.barrier = name;
    return;
  }
  say(waiter.socket, "error a barrier's name is 1 to " + std::to_string(wire::kBarrierName) +
                         " letters, digits, dots, underscores and dashes");
  waiter.gone = true;
}

void Waiters::pump(Outbox& outbox) {
  accept_all();
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    Waiter& waiter = it->second;
    if (!waiter.gone) hear(waiter);
    Json event{{"event", "barrier"}, {"barrier", waiter.barrier}, {"waiter", it->first}};
    if (waiter.gone) {
      event["gone"] = true;
      // If there is no room to say it now, there will be.
      if (!waiter.reported || outbox.add(event)) {
        it = waiters_.erase(it);
        continue;
      }
    } else if (!waiter.barrier.empty() && !waiter.reported) {
      waiter.reported = outbox.add(event);
    }
    ++it;
  }
}

std::string Waiters::release(const Json& request) {
  const std::string barrier = text_or(request, "barrier", "");
  const auto numbers = request.find("waiters");
  if (!wire::is_barrier_name(barrier)) return "release: barrier must be a barrier's name";
  if (numbers == request.end() || !numbers->is_array())
    return "release: waiters must be a list of numbers";
  const std::int64_t at = integer_or(request, "at", -1);
  const std::string error = text_or(request, "error", "");
  if ((at >= 0) == !error.empty())
    return "release: there must be either at, nanoseconds of CLOCK_MONOTONIC, or error";
  const std::string answer = at >= 0 ? "go " + std::to_string(at) : "error " + error;
  for (const Json& number : *numbers) {
    if (!number.is_number_unsigned()) return "release: waiters must be a list of numbers";
    const auto waiter = waiters_.find(number.get<std::uint64_t>());
    // One that went away is known to the host soon.
    if (waiter == waiters_.end() || waiter->second.barrier != barrier) continue;
    say(waiter->second.socket, answer);
    waiters_.erase(waiter);
  }
  return {};
}

void Waiters::report_again() {
  for (auto& [number, waiter] : waiters_) waiter.reported = false;
}

}  // namespace gridlock::agent
