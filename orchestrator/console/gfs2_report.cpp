// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/gfs2_report.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "console/frames.h"

namespace gridlock::console {
namespace {

constexpr std::array<std::string_view, 4> kStates{"UN", "EX", "DF", "SH"};
constexpr std::array<std::string_view, 10> kTypes{"type0", "nondisk", "inode", "rgrp",  "meta",
                                                  "iopen", "flock",   "plock", "quota", "journal"};

/// The number after `key`, as a name from `names`.
template <std::size_t N>
std::string_view name_after(std::string_view text, std::string_view key,
                            const std::array<std::string_view, N>& names) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  std::size_t index = N;
  const std::string_view rest = text.substr(at + key.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), index);
  return index < N ? names.at(index) : std::string_view{};
}

/// One of the two requests.
struct Request {
  std::string_view type;
  std::string_view state;
  std::string caller;  // of the function that made it
  int pid = 0;
};

/// The lines' requests, the granted one first; each ends with its state.
std::vector<Request> requests_in(std::span<const std::string> lines) {
  std::vector<Request> requests;
  Request request;
  for (const std::string& line : lines) {
    if (!line.starts_with("gfs2: fsid=")) continue;
    const std::string_view text = line;
    for (const std::string_view key : {": original: ", ": new: "})
      if (const std::size_t at = text.find(key); at != std::string_view::npos)
        request = {{}, {}, plain_name(symbol_in(text.substr(at + key.size()))), 0};
    if (const std::size_t at = text.find(": pid: "); at != std::string_view::npos)
      request.pid = number<int>(trimmed(text.substr(at + 7)), 10).value_or(0);
    request.state = name_after(text, " req lock state : ", kStates);
    if (request.state.empty()) continue;
    request.type = name_after(text, ": lock type: ", kTypes);
    requests.push_back(std::exchange(request, {}));
  }
  return requests;
}

std::string sentence_of(const std::vector<Request>& requests, std::span<const Glock> glocks) {
  std::string task = fmt::format("/{}", requests[0].pid);
  std::string glock = fmt::format("an {} glock", requests[0].type);
  for (const Glock& each : glocks)
    for (const GlockHolder& holder : each.holders)
      if (holder.granted && holder.pid == requests[0].pid) {
        task = holder.comm + task;
        glock = "glock " + to_string(each.name);
      }
  const auto made = [](const Request& request) {
    return fmt::format("({}{}{})", request.state, request.caller.empty() ? "" : ", from ",
                       request.caller);
  };
  return printable(fmt::format("recursion: {} holds {} {} and asks for it again {}", task, glock,
                               made(requests[0]), made(requests[1])));
}

bool is_gfs2(std::string_view function) { return function.starts_with("gfs2_"); }

}  // namespace

std::optional<GlockRecursion> glock_recursion(std::span<const std::string> lines,
                                              std::span<const Glock> glocks, const Trace& trace) {
  const std::vector<Request> requests = requests_in(lines);
  if (requests.size() != 2 || requests[1].type.empty()) return std::nullopt;

  GlockRecursion recursion;
  for (const std::string& function : trace.frames) {
    if (!is_gfs2(function) || is_glock_wait(function)) continue;
    if (recursion.frames.size() == 2) recursion.frames.pop_back();
    if (recursion.frames.empty() || recursion.frames.front() != function)
      recursion.frames.push_back(function);
  }
  if (recursion.frames.empty()) return std::nullopt;
  recursion.identity =
      fmt::format("recursion:gfs2:{}:{}>{}:{}", requests[1].type, requests[0].state,
                  requests[1].state, fmt::join(recursion.frames, "<"));
  recursion.sentence = sentence_of(requests, glocks);
  return recursion;
}

FsError fs_error(std::span<const std::string> lines) {
  FsError error{"withdraw", {}};
  for (const std::string& line : lines) {
    const std::string_view text = line;
    for (const std::string_view severity : {": fatal: ", ": warning: "}) {
      const std::size_t at = text.find(severity);
      if (at == std::string_view::npos || error.reason != "withdraw") continue;
      const std::string_view reason = text.substr(at + severity.size());
      error.reason =
          reason.substr(0, std::min(reason.find(" at function"), reason.find(" - function")));
    }
    const std::size_t at = text.find("function = ");
    if (at == std::string_view::npos || !error.function.empty()) continue;
    const std::string_view rest = text.substr(at + 11);
    error.function = printable(rest.substr(0, rest.find_first_of(", ")), 64);
  }
  return error;
}

}  // namespace gridlock::console
