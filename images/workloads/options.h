// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/mmap_dio_words.h"
#include "workloads/option_table.h"

namespace gridlock::mdio {

enum class DropCaches { no, yes };

/// Where a node's program hears what was written: an IPv4 address and a UDP port.
struct Peer {
  std::string address;
  std::uint16_t port = 0;
};

/// What the program is to do. Sizes in bytes.
struct Options : Ring {
  Action action = Action::run;
  std::string directory;
  std::uint64_t seed = 1;
  Operation operation = Operation::read;
  Direction direction = Direction::read;  ///< of libaio and io_uring
  Access access = Access::direct;
  Buffer buffer = Buffer::same_file;
  MapKind mapping = MapKind::shared;
  Resident resident = Resident::none;
  Eviction eviction = Eviction::dontneed;
  Alignment alignment = Alignment::page;
  State state = State::allocated;
  Fsync fsync = Fsync::none;
  std::uint64_t transfer = 1 << 20;
  std::uint64_t file_size = 8 << 20;  ///< a multiple of the transfer, at least two of them
  std::uint64_t processes = 1;
  std::uint64_t threads = 1;
  std::vector<Disturbance> disturb;
  std::vector<Observer> observe;
  Fault inject = Fault::none;
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds sample{200};  ///< 0: nothing is measured, to see what measuring costs
  std::vector<Peer> peers;                ///< one per node, or none
  std::string glock_table;                ///< "cluster:fs", for demote requests
  DropCaches drop_caches = DropCaches::no;

  /// Whether transfers go from memory to the file.
  bool writes() const { return mdio::writes(operation, direction); }
  /// Whether the buffer is a mapping of a file.
  bool mapped() const { return buffer != Buffer::anonymous; }
};

/// What can be written on the command line, for a person.
std::string usage();

/// Throws UsageMistake naming the option, or the two that do not go together.
Options read_options(int count, const char* const* arguments);

}  // namespace gridlock::mdio
