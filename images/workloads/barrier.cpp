// SPDX-License-Identifier: GPL-2.0-or-later
// gridlock-barrier NAME: returns at one instant on all nodes, as soon as a program on each of them
// waits for NAME.
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/wire.h"

namespace {

/// Exit statuses.
enum Status { kGo = 0, kRefused = 1, kUsage = 2 };

constexpr std::size_t kLongestAnswer = 4096;

int refused(const std::string& why) {
  std::fprintf(stderr, "gridlock-barrier: %s\n", why.c_str());
  return kRefused;
}

/// Says `name` at the socket and waits for the answer, without its newline. On failure empty, and
/// `why` says it.
std::string ask(const std::string& path, const std::string& name, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    why = path + ": too long for a socket";
    return {};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::string line = name + "\n";
  // Who is refused at once may find the connection closed; the reason is there to be read.
  if (socket < 0 ||
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      (::send(socket, line.data(), line.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE)) {
    why = path + ": " + std::strerror(errno);
    return {};
  }
  std::string answer;
  char buffer[256];
  while (answer.find('\n') == std::string::npos && answer.size() < kLongestAnswer) {
    const ssize_t count = ::read(socket, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      why = "the agent went away";
      return {};
    }
    answer.append(buffer, static_cast<std::size_t>(count));
  }
  return answer.substr(0, answer.find('\n'));
}

void sleep_until(std::int64_t at) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec when{at / kSecond, at % kSecond};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) == EINTR) continue;
}

int wait_at(const std::string& path, const std::string& name) {
  std::string why;
  const std::string answer = ask(path, name, why);
  if (!why.empty()) return refused(why);
  const std::string_view go = "go ";
  const std::string_view error = "error ";
  if (answer.starts_with(error)) return refused(answer.substr(error.size()));
  std::int64_t at = -1;
  const char* const end = answer.data() + answer.size();
  if (!answer.starts_with(go) || std::from_chars(answer.data() + go.size(), end, at).ptr != end ||
      at < 0)
    return refused("the agent's answer is not readable");
  sleep_until(at);
  return kGo;
}

}  // namespace

int main(int count, char** arguments) {
  std::string path(gridlock::wire::kBarrierSocket);
  std::string name;
  if (count == 2) name = arguments[1];
  if (count == 4 && std::string_view(arguments[1]) == "--socket") {
    path = arguments[2];
    name = arguments[3];
  }
  if (gridlock::wire::is_barrier_name(name) && !name.starts_with('-')) return wait_at(path, name);
  std::fprintf(
      stderr,
      "usage: gridlock-barrier [--socket PATH] NAME\n"
      "Waits until a program on every node waits for NAME (1 to %zu letters, digits, dots,\n"
      "underscores and dashes); all return at one instant.\n"
      "Exit status: 0 go on, 1 that will never be, 2 usage.\n",
      gridlock::wire::kBarrierName);
  return kUsage;
}
