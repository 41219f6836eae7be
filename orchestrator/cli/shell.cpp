// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "campaign/verdict.h"
#include "cli/live_choice.h"
#include "cli/raw_terminal.h"
#include "cli/verbs.h"

namespace gridlock {
namespace {

constexpr Milliseconds kAnswerLimit{10'000};
/// How soon a changed window, or a stop, is noticed.
constexpr int kLookMs = 100;
/// Input that was sent and that the program has not taken yet.
constexpr std::size_t kWindow = 128 * 1024;
constexpr int kSignalled = 128;

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Error("nobody reads what the program prints");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// Carries a program's input and output until it ends.
class Conversation {
 public:
  Conversation(ControlClient& client, std::optional<WindowSize> window, std::stop_token stop)
      : client_(client), window_(window), stop_(std::move(stop)) {}

  /// The exit code: the program's own, 128 + the signal that ended it, or 0 after the escape.
  int run() {
    while (true) {
      while (const auto line = client_.take())
        if (const auto code = hear(*line)) return *code;
      if (stop_.stop_requested()) throw Cancelled("talking to the node");
      if (window_) look_at_window();
      const bool wants = input_open_ && unread_ < kWindow;
      std::array<pollfd, 2> polled{
          {{client_.descriptor().get(), POLLIN, 0}, {wants ? STDIN_FILENO : -1, POLLIN, 0}}};
      if (::poll(polled.data(), polled.size(), kLookMs) <= 0) continue;
      if (polled[0].revents != 0) client_.read();
      if (polled[1].revents != 0 && !pass_input()) return kExitPassed;
    }
  }

 private:
  /// The exit code, if that was the end.
  std::optional<int> hear(const Json& line) {
    const std::string event = text_or(line, "event", "");
    if (event == "output") {
      const auto bytes = wire::from_base64(text_or(line, "data", ""));
      if (bytes)
        write_all(text_or(line, "stream", "") == "stderr" ? STDERR_FILENO : STDOUT_FILENO, *bytes);
    } else if (event == "input_taken") {
      const auto taken = static_cast<std::size_t>(integer_or(line, "bytes", 0));
      unread_ -= std::min(unread_, taken);
    } else if (event == "exit") {
      if (const std::string why = text_or(line, "error", ""); !why.empty())
        throw Error(printable(why, 500));
      const auto signal = static_cast<int>(integer_or(line, "signal", 0));
      return signal > 0 ? kSignalled + signal : static_cast<int>(integer_or(line, "status", 0));
    } else if (!flag_or(line, "ok", true)) {
      throw Error(printable(text_or(line, "error", "the run refused"), 500));
    }
    return std::nullopt;
  }

  /// False: the person left.
  bool pass_input() {
    std::array<char, 16 * 1024> buffer;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) {
      input_open_ = false;
      client_.say({{"request", "end_of_input"}});
      return true;
    }
    std::string bytes(buffer.data(), static_cast<std::size_t>(count));
    if (window_) bytes = escape_.pass(bytes);
    if (!bytes.empty()) {
      unread_ += bytes.size();
      client_.say({{"request", "input"}, {"data", wire::to_base64(bytes)}});
    }
    return !escape_.ended();
  }

  void look_at_window() {
    const auto now = window_size();
    if (!now || now == window_) return;
    window_ = now;
    client_.say({{"request", "resize"}, {"rows", now->rows}, {"columns", now->columns}});
  }

  ControlClient& client_;
  std::optional<WindowSize> window_;  // present: it is a terminal
  std::stop_token stop_;
  EscapeWatch escape_;
  bool input_open_ = true;
  std::size_t unread_ = 0;
};

struct ShellChoice {
  LiveChoice live;
  bool terminal = false;
};

int talk(const ShellChoice& choice, const Context& context) {
  LiveNode live = find_live(choice.live, NodeNeeded::yes, context);
  Json request{{"request", "shell"}, {"node", live.name}};
  if (!context.rest.empty()) request["argv"] = context.rest;
  std::optional<WindowSize> window;
  if (context.rest.empty() || choice.terminal) window = window_size();
  if (window) {
    request["terminal"] = {{"rows", window->rows}, {"columns", window->columns}};
    request["term"] = context.terminal;
  }
  live.client.ask(request, kAnswerLimit);
  if (window && context.rest.empty()) {
    std::fprintf(stderr, "%s: ~. at the begin of a line leaves the shell\n", live.name.c_str());
    std::fflush(stderr);
  }
  std::optional<RawTerminal> raw;
  if (window) raw.emplace();
  return Conversation(live.client, window, context.stop).run();
}

}  // namespace

void add_shell(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb =
      app.add_subcommand("shell", "A shell on a node of a run that lives, or one command: -- CMD…");
  auto choice = std::make_shared<ShellChoice>();
  add_live_options(*verb, choice->live, NodeNeeded::yes);
  verb->add_flag("-t,--terminal", choice->terminal, "Give the command a terminal, too");
  verb->callback([choice, &context, exit_code] { *exit_code = talk(*choice, context); });
}

}  // namespace gridlock
