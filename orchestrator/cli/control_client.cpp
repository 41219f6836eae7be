// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

/// How soon a stop is noticed.
constexpr Milliseconds kStopLook{100};

constexpr const char* kGone = "the run went away: its lab is gone";

}  // namespace

ControlClient::ControlClient(const std::filesystem::path& socket, std::stop_token stop)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), stop_(std::move(stop)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path)
    throw Error("the path of the control socket is too long: " + socket.string());
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  if (!socket_ ||
      ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Error(fmt::format("connecting to the run's control socket {}: {}", socket.string(),
                            std::generic_category().message(errno)));
}

void ControlClient::say(const Json& line) {
  const std::string text = line.dump() + "\n";
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count =
        ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Error(kGone);
    sent += static_cast<std::size_t>(count);
  }
}

void ControlClient::read() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) throw Error(kGone);
  lines_.add({buffer.data(), static_cast<std::size_t>(count)}, [this](std::string_view line) {
    if (auto message = parse_json(line); message && message->is_object())
      heard_.push_back(std::move(*message));
  });
}

std::optional<Json> ControlClient::take() {
  if (heard_.empty()) return std::nullopt;
  Json first = std::move(heard_.front());
  heard_.pop_front();
  return first;
}

std::optional<Json> ControlClient::hear(Milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    if (auto line = take()) return line;
    if (stop_.stop_requested()) throw Cancelled("waiting for the run");
    const auto left = std::chrono::ceil<Milliseconds>(end - std::chrono::steady_clock::now());
    if (left <= Milliseconds{0}) return std::nullopt;
    pollfd polled{socket_.get(), POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(std::min(left, kStopLook).count())) > 0) read();
  }
}

Json ControlClient::ask(const Json& request, Milliseconds limit) {
  say(request);
  const auto answer = hear(limit);
  if (!answer) throw Error(fmt::format("the run gave no answer within {}", to_string(limit)));
  if (!flag_or(*answer, "ok", false))
    throw UsageError(printable(text_or(*answer, "error", "the run refused"), 1000));
  return *answer;
}

}  // namespace gridlock
