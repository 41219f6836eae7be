// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/text.h"
#include "campaign/verdict.h"
#include "cli/console_turn.h"
#include "cli/live_choice.h"
#include "cli/raw_terminal.h"
#include "cli/verbs.h"

namespace gridlock {
namespace {

constexpr int kLookMs = 100;
constexpr std::streamoff kTail = 16 * 1024;
constexpr std::size_t kTailLines = 40;

/// What the log shows last. A guest wrote it: made printable.
std::string tail_of(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  in.seekg(std::max(std::streamoff{0}, size - kTail));
  std::string text;
  for (const std::string& line :
       last_lines(std::string(std::istreambuf_iterator<char>(in), {}), kTailLines))
    text += printable(std::string_view(line).substr(0, line.find('\r')), 1000) + "\r\n";
  return text;
}

/// A guest's bytes without what would command the terminal.
std::string harmless(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || (byte >= ' ' && byte != 0x7f))
      text += c;
    else
      text += fmt::format("\\x{:02x}", byte);
  }
  return text;
}

Descriptor attach(const std::string& path, const std::string& node) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Error("the console's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Error(fmt::format("attaching to the console of {}: {}", node,
                            std::generic_category().message(errno)),
                "one can be attached at a time, and QEMU must run");
  return socket;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Until the person leaves, or the machine ends.
void follow(const Descriptor& console, bool interactive, std::stop_token stop) {
  EscapeWatch escape;
  std::array<char, 16 * 1024> buffer;
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> polled{
        {{console.get(), POLLIN, 0}, {interactive ? STDIN_FILENO : -1, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), kLookMs) <= 0) continue;
    if (polled[0].revents != 0) {
      const ssize_t count = ::read(console.get(), buffer.data(), buffer.size());
      if (count <= 0) return print("\r\nthe machine ended\r\n");
      print(harmless({buffer.data(), static_cast<std::size_t>(count)}));
    }
    if (polled[1].revents == 0) continue;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count <= 0) return;
    const std::string typed = escape.pass({buffer.data(), static_cast<std::size_t>(count)});
    if (!typed.empty() &&
        ::send(console.get(), typed.data(), typed.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno != EAGAIN)
      return print("\r\nthe machine ended\r\n");
    if (escape.ended()) return;
  }
}

}  // namespace

void add_console(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb =
      app.add_subcommand("console", "The serial console of a node of a run that lives");
  auto choice = std::make_shared<LiveChoice>();
  add_live_options(*verb, *choice, NodeNeeded::yes);
  verb->callback([choice, &context, exit_code] {
    const LiveNode live = find_live(*choice, NodeNeeded::yes, context);
    const ConsoleTurn turn(text_or(live.node, "console_log", ""));
    const Descriptor console = attach(text_or(live.node, "console", ""), live.name);
    const bool interactive = window_size().has_value();
    if (interactive)
      std::fprintf(stderr, "%s: ~. at the begin of a line leaves the console\n", live.name.c_str());
    if (turn.must_wait())
      std::fprintf(stderr,
                   "%s: another gridlock console is attached: this one goes on when that has "
                   "ended\n",
                   live.name.c_str());
    const RawTerminal raw;
    print(tail_of(text_or(live.node, "console_log", "")));
    follow(console, interactive, context.stop);
    *exit_code = kExitPassed;
  });
}

}  // namespace gridlock
