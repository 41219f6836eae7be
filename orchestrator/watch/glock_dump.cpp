// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/glock_dump.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxGlocks = 65536;
constexpr std::size_t kMaxHolders = 256;
constexpr std::size_t kMaxRows = 65536;
constexpr unsigned kMasterCopy = 0x10000;  // DLM_IFL_MSTCPY: the row belongs to the node it names

/// Takes the next line off `text`.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The value of ` key:value` in a dump line; empty if there is none.
std::string_view field(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + key.size());
  return line.substr(0, line.find(' '));
}

std::optional<GlockMode> mode_of(std::string_view name) {
  if (name == "UN") return GlockMode::UN;
  if (name == "SH") return GlockMode::SH;
  if (name == "DF") return GlockMode::DF;
  if (name == "EX") return GlockMode::EX;
  return std::nullopt;
}

std::optional<GlockName> name_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto type = number<unsigned>(text.substr(0, slash), 10);
  const auto inode = number<std::uint64_t>(text.substr(slash + 1), 16);
  if (!type || !inode) return std::nullopt;
  return GlockName{*type, *inode};
}

std::optional<GlockHolder> holder_of(std::string_view line) {
  const auto mode = mode_of(field(line, " s:"));
  const auto pid = number<int>(field(line, " p:"), 10);
  if (!mode || !pid) return std::nullopt;
  GlockHolder holder;
  holder.mode = *mode;
  holder.pid = *pid;
  const std::string_view flags = field(line, " f:");
  holder.granted = flags.find('H') != std::string_view::npos;
  holder.waiting = !holder.granted && flags.find('W') != std::string_view::npos;
  const std::size_t open = line.find(" [");
  const std::size_t close = line.rfind("] ");
  if (open != std::string_view::npos && close != std::string_view::npos && close > open)
    holder.comm = printable(line.substr(open + 2, close - open - 2), 32);
  return holder;
}

/// The DLM's numbers; concurrent read and protected write are never used by GFS2.
std::optional<GlockMode> mode_of_dlm(int mode) {
  switch (mode) {
    case -1:
    case 0:
      return GlockMode::UN;
    case 2:
      return GlockMode::DF;
    case 3:
      return GlockMode::SH;
    case 5:
      return GlockMode::EX;
    default:
      return std::nullopt;
  }
}

/// `"       2            4269"`: type and number, both hexadecimal in fixed columns.
std::optional<GlockName> name_of_resource(std::string_view quoted) {
  constexpr std::size_t kLength = 24;
  if (quoted.size() != kLength) return std::nullopt;
  const auto type = number<unsigned>(trimmed(quoted.substr(0, 8)), 16);
  const auto inode = number<std::uint64_t>(trimmed(quoted.substr(8)), 16);
  if (!type || !inode) return std::nullopt;
  return GlockName{*type, *inode};
}

}  // namespace

std::string_view mode_name(GlockMode mode) {
  constexpr std::array<std::string_view, 4> kNames{"UN", "SH", "DF", "EX"};
  return kNames.at(static_cast<std::size_t>(mode));
}

bool compatible(GlockMode a, GlockMode b) {
  if (a == GlockMode::UN || b == GlockMode::UN) return true;
  return a == b && a != GlockMode::EX;
}

std::string to_string(const GlockName& name) {
  return fmt::format("{}/{:x}", name.type, name.number);
}

std::string_view glock_type_name(unsigned type) {
  constexpr std::array<std::string_view, 10> kNames{
      "type?", "nondisk", "inode", "rgrp", "meta", "iopen", "flock", "plock", "quota", "journal"};
  return type < kNames.size() ? kNames.at(type) : kNames[0];
}

std::vector<Glock> parse_glocks(std::string_view text) {
  std::vector<Glock> glocks;
  bool inside = false;  // a glock whose own line was unreadable has no holders either
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.starts_with("G:")) {
      const auto state = mode_of(field(line, " s:"));
      const auto name = name_of(field(line, " n:"));
      inside = state && name && glocks.size() < kMaxGlocks;
      if (inside) glocks.push_back({*name, *state, {}});
    } else if (inside && line.starts_with(" H:") && glocks.back().holders.size() < kMaxHolders) {
      if (auto holder = holder_of(line)) glocks.back().holders.push_back(std::move(*holder));
    }
  }
  return glocks;
}

std::vector<DlmGrant> parse_dlm_locks(std::string_view text, NodeId node) {
  std::vector<DlmGrant> grants;
  while (!text.empty() && grants.size() < kMaxRows) {
    const std::string_view line = next_line(text);
    const std::size_t quote = line.find('"');
    const std::size_t close = line.rfind('"');
    if (quote == std::string_view::npos || close <= quote) continue;
    const auto name = name_of_resource(line.substr(quote + 1, close - quote - 1));
    // id nodeid remid pid xid exflags flags sts grmode rqmode time r_nodeid r_len "name"
    std::vector<std::string> columns = split(line.substr(0, quote), ' ');
    std::erase(columns, std::string());
    if (!name || columns.size() != 13) continue;
    const auto owner = number<int>(columns[1], 10);
    const auto flags = number<unsigned>(columns[6], 16);
    const auto granted = number<int>(columns[8], 10);
    if (!owner || !flags || !granted) continue;
    const auto mode = mode_of_dlm(*granted);
    if (!mode) continue;
    grants.push_back({*name, (*flags & kMasterCopy) != 0 ? NodeId{*owner} : node, *mode});
  }
  return grants;
}

}  // namespace gridlock
