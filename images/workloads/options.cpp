// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/options.h"

#include <algorithm>
#include <string_view>

namespace gridlock::mdio {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLargestTransfer = std::uint64_t{64} << 20;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;

using Row = OptionRow<Options>;

void set_peers(Options& options, std::string_view option, std::string_view value) {
  options.peers.clear();
  if (value == "none") return;
  for (const std::string_view peer : split(value, ',')) {
    const std::size_t colon = peer.find(':');
    if (colon == std::string_view::npos)
      throw UsageMistake(std::string(option) + ": '" + std::string(peer) + "' is not ADDRESS:PORT");
    options.peers.push_back(
        {std::string(peer.substr(0, colon)),
         static_cast<std::uint16_t>(number(option, peer.substr(colon + 1), 1, 65535))});
  }
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = common_options<Options>();
  rows.insert(
      rows.end(),
      {choice("--operation", kOperations, &Options::operation),
       choice("--direction", kDirections, &Options::direction),
       choice("--access", kAccesses, &Options::access),
       choice("--buffer", kBuffers, &Options::buffer),
       choice("--mapping", kMapKinds, &Options::mapping),
       choice("--resident", kResidents, &Options::resident),
       choice("--eviction", kEvictions, &Options::eviction),
       choice("--alignment", kAlignments, &Options::alignment),
       choice("--state", kStates, &Options::state), choice("--fsync", kFsyncs, &Options::fsync),
       count("--transfer", &Options::transfer, kSector, kLargestTransfer),
       count("--file-size", &Options::file_size, 2 * kSector, kLargestFile),
       count("--threads", &Options::threads, 1, kMostWorkers),
       choices("--disturb", kDisturbances, &Options::disturb),
       choices("--observe", kObservers, &Options::observe),
       choice("--inject", kFaults, &Options::inject), Row{"--peers", "ADDRESS:PORT,…", set_peers},
       text("--glock-table", "TABLE", &Options::glock_table),
       choice("--drop-caches", "no yes", &Options::drop_caches)});
  return rows;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = all_rows();
  return kRows;
}

void check_sizes(const Options& options) {
  const std::uint64_t unit = options.alignment == Alignment::page     ? kPage
                             : options.alignment == Alignment::sector ? kSector
                                                                      : 1;
  if (options.transfer % unit != 0)
    throw UsageMistake("--transfer must be a multiple of " + std::to_string(unit));
  if (options.file_size % options.transfer != 0 || options.file_size / options.transfer < 2)
    throw UsageMistake("--file-size must be a multiple of --transfer, at least twice it");
  const bool pieces =
      options.operation == Operation::readv || options.operation == Operation::writev;
  if (pieces && options.transfer < 8 * kSector)
    throw UsageMistake("--operation readv and writev need a --transfer of at least 4096");
}

void check_together(const Options& options) {
  const auto refuse = [](bool wrong, const char* why) {
    if (wrong) throw UsageMistake(why);
  };
  refuse(options.alignment == Alignment::odd && options.access != Access::buffered,
         "--alignment odd needs --access buffered");
  refuse(options.buffer == Buffer::next_node && options.nodes < 2,
         "--buffer next-node needs at least two nodes");
  refuse(options.buffer == Buffer::next_process && options.processes < 2,
         "--buffer next-process needs at least two processes");
  refuse(options.operation == Operation::fiemap && !options.mapped(),
         "--operation fiemap needs a mapped --buffer");
  const bool moving_end = options.access == Access::append ||
                          options.state == State::crossing_end || options.state == State::past_end;
  refuse(options.access == Access::append && !options.writes(),
         "--access append needs an operation that writes");
  refuse(options.access == Access::append && options.state != State::allocated,
         "--access append has its own --state");
  refuse(options.operation == Operation::fiemap && options.state != State::allocated,
         "--operation fiemap needs --state allocated");
  refuse(moving_end && options.threads > 1, "where the file's end moves, --threads must be 1");
  refuse(moving_end && options.buffer == Buffer::same_page,
         "where the file's end moves, --buffer cannot be the page itself");
  refuse(moving_end && !options.disturb.empty() &&
             std::any_of(options.disturb.begin(), options.disturb.end(),
                         [](Disturbance d) {
                           return d == Disturbance::truncate || d == Disturbance::punch;
                         }),
         "where the file's end moves, --disturb truncate and punch cannot be told from it");
  refuse(options.buffer == Buffer::same_page && options.state != State::allocated,
         "--buffer same-page needs --state allocated");
  refuse(options.fsync != Fsync::none && !options.writes(),
         "--fsync needs an operation that writes");
  refuse(!options.observe.empty() && (options.mapped() || !options.writes() || moving_end),
         "--observe needs writes from --buffer anonymous and a file whose end stays");
  refuse(!options.observe.empty() && options.nodes < 2, "--observe needs at least two nodes");
  refuse(!options.peers.empty() && options.peers.size() != options.nodes,
         "--peers needs one for each node");
  const bool demote = std::find(options.disturb.begin(), options.disturb.end(),
                                Disturbance::demote) != options.disturb.end();
  refuse(demote && options.glock_table.empty(), "--disturb demote needs --glock-table");
}

}  // namespace

std::string usage() { return usage_of("mmap-dio", rows()); }

Options read_options(int count, const char* const* arguments) {
  const Options options = read_command_line(count, arguments, rows());
  check_sizes(options);
  check_together(options);
  return options;
}

}  // namespace gridlock::mdio
