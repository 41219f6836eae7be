// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/lock_ping_options.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

namespace gridlock::lock_ping {
namespace {

using mdio::number;
using mdio::place;
using mdio::UsageMistake;

constexpr std::string_view kActions = "prepare run verify";
constexpr std::string_view kData = "none file mapped";
constexpr std::uint64_t kMostNodes = 64;
constexpr std::uint64_t kMostProcesses = 16;
/// Room for a ring with the most processes on the most nodes.
constexpr std::uint64_t kMostLocks = 2048;
constexpr std::uint64_t kLongestMs = std::uint64_t{7} * 24 * 3600 * 1000;

struct Row {
  std::string_view option;
  std::string_view values;
  std::function<void(Options&, std::string_view option, std::string_view value)> set;
};

Row count(std::string_view option, std::uint64_t Options::*member, std::uint64_t least,
          std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = number(name, value, least, most);
          }};
}

Row milliseconds(std::string_view option, std::chrono::milliseconds Options::*member,
                 std::uint64_t least, std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = std::chrono::milliseconds(number(name, value, least, most));
          }};
}

const std::array<Row, 9>& rows() {
  static const std::array<Row, 9> kRows{
      Row{"--dir", "DIR",
          [](Options& options, auto, std::string_view value) { options.directory = value; }},
      count("--node", &Options::node, 1, kMostNodes),
      count("--nodes", &Options::nodes, 1, kMostNodes),
      count("--seed", &Options::seed, 0, ~std::uint64_t{0}),
      count("--locks", &Options::locks, 0, kMostLocks),
      Row{"--data", kData,
          [](Options& options, auto name, std::string_view value) {
            options.data = static_cast<Data>(place(name, value, kData));
          }},
      count("--processes", &Options::processes, 1, kMostProcesses),
      milliseconds("--duration-ms", &Options::duration, 1, kLongestMs),
      milliseconds("--sample-ms", &Options::sample, 0, 60'000),
  };
  return kRows;
}

void check(Options& options) {
  if (options.directory.empty()) throw UsageMistake("--dir is missing");
  if (options.node == 0 || options.nodes == 0) throw UsageMistake("--node or --nodes is missing");
  if (options.node > options.nodes) throw UsageMistake("--node is above --nodes");
  const std::uint64_t all = options.nodes * options.processes;
  if (options.locks == 0) options.locks = all + 1;
  // Each keeps one byte while it waits for the next: with no byte free, all wait for ever.
  if (options.locks <= all)
    throw UsageMistake("--locks must be 0 or above the number of all processes, " +
                       std::to_string(all));
}

}  // namespace

std::string Options::state_path(std::uint64_t of_node, std::uint64_t process) const {
  return directory + "/node" + std::to_string(of_node) + "." + std::to_string(process) +
         ".pingstate";
}

std::string usage() {
  std::string text = "usage: lock-ping prepare|run|verify --dir DIR --node I --nodes N …\n";
  for (const Row& row : rows())
    text += "  " + std::string(row.option) + " " + std::string(row.values) + "\n";
  return text;
}

Options read_options(int count, const char* const* arguments) {
  if (count < 2) throw UsageMistake("the first word must be prepare, run or verify");
  Options options;
  options.action = static_cast<Action>(place("the first word", arguments[1], kActions));
  for (int i = 2; i < count; i += 2) {
    const std::string_view option = arguments[i];
    const auto row = std::find_if(rows().begin(), rows().end(),
                                  [&](const Row& known) { return known.option == option; });
    if (row == rows().end()) throw UsageMistake("unknown option '" + std::string(option) + "'");
    if (i + 1 == count) throw UsageMistake(std::string(option) + ": the value is missing");
    row->set(options, option, arguments[i + 1]);
  }
  check(options);
  return options;
}

}  // namespace gridlock::lock_ping
