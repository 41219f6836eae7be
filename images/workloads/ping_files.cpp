// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/ping_files.h"

#include <fcntl.h>

#include <filesystem>
#include <span>
#include <vector>

#include "workloads/files.h"
#include "workloads/ping_cells.h"
#include "workloads/ping_state.h"

namespace gridlock::lock_ping {
namespace {

/// The same size from every node, so that it does not matter which is first or last.
void make(const std::string& path, std::uint64_t size) {
  const mdio::File file(path, O_RDWR | O_CREAT);
  if (file.size() != size) file.resize(size);
  file.sync();
}

std::string reader(const Options& options) {
  return "node" + std::to_string(options.node) + " verify";
}

Verified verify_lock_file(const Options& options) {
  const mdio::File file(options.lock_path(), O_RDONLY);
  if (file.size() == options.locks) return {1, 0, ""};
  return {1, 1,
          Bad{file.path(), file.size(), "the file ends here", std::to_string(options.locks),
              std::to_string(file.size()), reader(options)}
              .json()};
}

/// How often all processes of the nodes whose word counts counted up each counter.
std::vector<std::uint64_t> added_by_all(const Options& options) {
  std::vector<std::uint64_t> sums(options.locks);
  for (const std::uint64_t node : options.members()) {
    if (options.is_mortal(node)) continue;
    for (std::uint64_t process = 1; process <= options.processes; ++process) {
      const std::string path = options.state_path(node, process);
      const PingState state = PingState::load(path, options.seed, options.locks);
      for (std::uint64_t lock = 0; lock < options.locks; ++lock)
        sums[lock] += state.counters[lock].added;
    }
  }
  return sums;
}

Verified verify_cells(const Options& options) {
  const std::vector<std::uint64_t> sums = added_by_all(options);
  const mdio::File file(options.data_path(), O_RDONLY);
  file.drop(0, options.locks * kCell);
  Verified verified;
  for (std::uint64_t lock = 0; lock < options.locks; ++lock) {
    std::uint64_t found = 0;
    const bool there =
        file.read_all(std::as_writable_bytes(std::span(&found, 1)), lock * kCell) == sizeof found;
    ++verified.checked;
    // How often a node that lost its power counted up, nobody knows.
    const bool more_is_right = !options.mortal.empty();
    if (there && (found == sums[lock] || (more_is_right && found > sums[lock]))) continue;
    ++verified.bad;
    if (!verified.first_bad.empty()) continue;
    const char* const what = !there               ? "the file ends before this"
                             : found < sums[lock] ? "updates were lost"
                                                  : "updates nobody made";
    verified.first_bad = Bad{file.path(),
                             lock * kCell,
                             what,
                             std::to_string(sums[lock]),
                             there ? std::to_string(found) : "",
                             reader(options)}
                             .json();
  }
  return verified;
}

}  // namespace

std::uint64_t prepare(const Options& options) {
  std::filesystem::create_directories(options.directory);
  make(options.lock_path(), options.locks);
  if (options.data == Data::none) return options.locks;
  const std::uint64_t size = options.locks * kCell;
  make(options.data_path(), size);
  for (std::uint64_t process = 1; process <= options.processes; ++process) {
    const std::string path = options.state_path(options.node, process);
    if (std::filesystem::exists(path)) continue;
    PingState{std::vector<Tally>(options.locks)}.save(path, options.seed);
  }
  return options.locks + size;
}

Verified verify(const Options& options) {
  return options.data == Data::none ? verify_lock_file(options) : verify_cells(options);
}

}  // namespace gridlock::lock_ping
