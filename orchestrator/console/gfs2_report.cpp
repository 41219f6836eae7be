// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/gfs2_report.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

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

bool is_gfs2(std::string_view function) { return function.starts_with("gfs2_"); }

}  // namespace

std::optional<GlockRecursion> glock_recursion(std::span<const std::string> lines,
                                              const Trace& trace) {
  std::string_view type;
  std::vector<std::string_view> states;
  for (const std::string& line : lines) {
    if (!line.starts_with("gfs2: fsid=")) continue;
    const std::string_view state = name_after(line, " req lock state : ", kStates);
    if (state.empty()) continue;
    type = name_after(line, ": lock type: ", kTypes);
    states.push_back(state);
  }
  if (states.size() != 2 || type.empty()) return std::nullopt;

  GlockRecursion recursion;
  for (const std::string& function : trace.frames) {
    if (!is_gfs2(function) || is_glock_wait(function)) continue;
    if (recursion.frames.size() == 2) recursion.frames.pop_back();
    if (recursion.frames.empty() || recursion.frames.front() != function)
      recursion.frames.push_back(function);
  }
  if (recursion.frames.empty()) return std::nullopt;
  recursion.identity = fmt::format("recursion:gfs2:{}:{}>{}:{}", type, states[0], states[1],
                                   fmt::join(recursion.frames, "<"));
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
