// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/glock_dump.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxHolders = 1024;     // of one glock
constexpr std::size_t kMaxShownGlocks = 256;  // by one report of a console
constexpr std::size_t kMaxFlags = 32;
constexpr std::size_t kMaxCaller = 64;

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
  if (open != std::string_view::npos && close != std::string_view::npos && close > open) {
    holder.comm = printable(line.substr(open + 2, close - open - 2), 32);
    const std::string_view caller = line.substr(close + 2);
    holder.caller = printable(caller.substr(0, caller.find_first_of("+ \r")), kMaxCaller);
  }
  return holder;
}

std::optional<GlockInode> inode_of(std::string_view line) {
  const std::string_view numbers = field(line, " n:");
  const std::size_t slash = numbers.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = number<std::uint64_t>(numbers.substr(slash + 1), 10);
  const auto type = number<unsigned>(field(line, " t:"), 10);
  const auto size = number<std::uint64_t>(field(line, " s:"), 10);
  if (!address || !type || !size) return std::nullopt;
  return GlockInode{*address, *type, *size};
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

namespace {

/// Builds glocks line by line, one at a time.
class GlockReader {
 public:
  explicit GlockReader(const std::function<void(const Glock&)>& take) : take_(take) {}

  /// `line` from its "G:", " H:" or " I:" on.
  void feed(std::string_view line) {
    if (line.starts_with("G:")) {
      finish();
      begin(line);
    } else if (!inside_) {
      return;  // a glock whose own line was unreadable has no holders either
    } else if (line.starts_with(" H:") && glock_.holders.size() < kMaxHolders) {
      if (auto holder = holder_of(line)) glock_.holders.push_back(std::move(*holder));
    } else if (line.starts_with(" I:")) {
      glock_.inode = inode_of(line);
    }
  }

  void finish() {
    if (std::exchange(inside_, false)) take_(glock_);
  }

 private:
  void begin(std::string_view line) {
    const auto state = mode_of(field(line, " s:"));
    const auto name = name_of(field(line, " n:"));
    inside_ = state && name;
    if (!inside_) return;
    glock_.name = *name;
    glock_.state = *state;
    glock_.holders.clear();
    glock_.flags = printable(field(line, " f:"), kMaxFlags);
    glock_.inode.reset();
  }

  const std::function<void(const Glock&)>& take_;
  bool inside_ = false;
  Glock glock_;  // one for all, so that its memory is used again
};

}  // namespace

void each_glock(std::string_view text, const std::function<void(const Glock&)>& take) {
  GlockReader reader(take);
  while (!text.empty()) reader.feed(take_line(text));
  reader.finish();
}

std::vector<Glock> glocks_in(std::span<const std::string> lines) {
  std::vector<Glock> glocks;
  const std::function<void(const Glock&)> keep = [&](const Glock& glock) {
    if (glocks.size() < kMaxShownGlocks) glocks.push_back(glock);
  };
  GlockReader reader(keep);
  for (const std::string& line : lines) {
    const std::string_view text = line;
    if (!text.starts_with("gfs2: fsid=") && !text.starts_with("GFS2: fsid=")) continue;
    for (const std::string_view mark : {": G: ", ":  H: ", ":  I: "})
      if (const std::size_t at = text.find(mark); at != std::string_view::npos)
        reader.feed(text.substr(at + 2));
  }
  reader.finish();
  return glocks;
}

}  // namespace gridlock
