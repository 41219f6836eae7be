// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/ping_state.h"

#include <fcntl.h>

#include <algorithm>
#include <span>
#include <sstream>
#include <stdexcept>

#include "workloads/files.h"

namespace gridlock::lock_ping {
namespace {

/// More than the largest ring takes.
constexpr std::uint64_t kMostBytes = 1 << 20;

std::string first_line(std::uint64_t seed, std::uint64_t locks) {
  return "lock-ping 1 seed " + std::to_string(seed) + " locks " + std::to_string(locks);
}

}  // namespace

void PingState::save(const std::string& path, std::uint64_t seed) const {
  std::ostringstream text;
  text << first_line(seed, counters.size()) << '\n';
  for (const Tally& tally : counters) text << tally.added << ' ' << tally.last << '\n';
  text << "end\n";
  const std::string bytes = text.str();
  const mdio::File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  file.write_all(std::as_bytes(std::span(bytes)), 0);
  file.sync();
}

PingState PingState::load(const std::string& path, std::uint64_t seed, std::uint64_t locks) {
  const mdio::File file(path, O_RDONLY);
  std::string bytes(std::min(file.size(), kMostBytes), '\0');
  bytes.resize(file.read_all(std::as_writable_bytes(std::span(bytes)), 0));
  std::istringstream in(bytes);
  std::string line;
  std::getline(in, line);
  if (line != first_line(seed, locks))
    throw std::runtime_error(path + ": not the state of a ring of " + std::to_string(locks) +
                             " locks and this seed");
  PingState state;
  state.counters.resize(locks);
  for (Tally& tally : state.counters) in >> tally.added >> tally.last;
  std::string end;
  in >> end;
  if (!in || end != "end")
    throw std::runtime_error(path + ": not the whole of what its process knew");
  return state;
}

}  // namespace gridlock::lock_ping
