// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/lock_ping_options.h"

#include <vector>

namespace gridlock::lock_ping {
namespace {

/// Room for a ring with the most processes on the most nodes.
constexpr std::uint64_t kMostLocks = 2048;

using Row = mdio::OptionRow<Options>;

std::vector<Row> all_rows() {
  std::vector<Row> rows = mdio::common_options<Options>();
  rows.push_back(mdio::count("--locks", &Options::locks, 0, kMostLocks));
  rows.push_back(mdio::choice("--data", "none file mapped", &Options::data));
  return rows;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = all_rows();
  return kRows;
}

void check_ring(Options& options) {
  const std::uint64_t all = options.nodes * options.processes;
  if (options.locks == 0) options.locks = all + 1;
  // Each keeps one byte while it waits for the next: with no byte free, all wait for ever.
  if (options.locks <= all)
    throw mdio::UsageMistake("--locks must be 0 or above the number of all processes, " +
                             std::to_string(all));
}

}  // namespace

std::string Options::state_path(std::uint64_t of_node, std::uint64_t process) const {
  return directory + "/node" + std::to_string(of_node) + "." + std::to_string(process) +
         ".pingstate";
}

std::string usage() { return mdio::usage_of("lock-ping", rows()); }

Options read_options(int count, const char* const* arguments) {
  Options options = mdio::read_command_line(count, arguments, rows());
  check_ring(options);
  return options;
}

}  // namespace gridlock::lock_ping
