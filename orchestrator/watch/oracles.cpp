// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/oracles.h"

#include <charconv>

#include "base/text.h"

namespace gridlock {
namespace {

/// The number behind "name:" in a list of "name: number" lines.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  std::string_view rest = trimmed(at == std::string_view::npos ? std::string_view{}
                                                               : text.substr(at + name.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc{} || end == rest.data()) return std::nullopt;
  return value;
}

}  // namespace

std::map<NodeId, Oracles> ask_oracles(const Crew& crew, Milliseconds limit, std::stop_token stop) {
  constexpr std::size_t kEnough = 16 << 10;
  const std::vector<std::string> files{"/proc/lockdep_stats", "/proc/sys/kernel/tainted"};
  const auto replies = crew.get_each(files, kEnough, limit, stop);
  const std::vector<Reply>& lockdep = replies[0];
  const std::vector<Reply>& tainted = replies[1];
  std::map<NodeId, Oracles> all;
  for (std::size_t i = 0; i < crew.members().size(); ++i) {
    Oracles& node = all[crew.members()[i].id];
    node.taint = number_after("tainted: " + tainted[i].data, "tainted:");
    if (const auto alive = number_after(lockdep[i].data, "debug_locks:"))
      node.lockdep_alive = *alive != 0;
  }
  return all;
}

}  // namespace gridlock
