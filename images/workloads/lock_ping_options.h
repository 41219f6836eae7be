// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "workloads/option_table.h"

namespace gridlock::lock_ping {

using mdio::Action;

/// How the counter that belongs to a lock is reached, if there is one.
enum class Data { none, file, mapped };

/// What the program is to do.
struct Options : mdio::Ring {
  Action action = Action::run;
  std::string directory;
  std::uint64_t seed = 1;
  std::uint64_t locks = 0;      ///< bytes in the ring; above nodes * processes, never 0
  std::uint64_t processes = 1;  ///< on each node
  Data data = Data::none;
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds sample{200};  ///< 0: nothing is measured, to see what measuring costs

  std::string lock_path() const { return directory + "/ping.locks"; }
  std::string data_path() const { return directory + "/ping.data"; }
  std::string state_path(std::uint64_t of_node, std::uint64_t process) const;
};

/// What can be written on the command line, for a person.
std::string usage();

/// Throws UsageMistake naming the option, or the two that do not go together.
Options read_options(int count, const char* const* arguments);

}  // namespace gridlock::lock_ping
