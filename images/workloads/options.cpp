// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/options.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace gridlock::mdio {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLargestTransfer = std::uint64_t{64} << 20;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;
constexpr std::uint64_t kLongestMs = std::uint64_t{7} * 24 * 3600 * 1000;
constexpr std::uint64_t kMostNodes = 64;
constexpr std::uint64_t kMostWorkers = 16;

/// One option: how it is spelt, what may follow, and what it sets.
struct Row {
  std::string_view option;
  std::string_view values;
  std::function<void(Options&, std::string_view option, std::string_view value)> set;
};

template <class Enum>
Row choice(std::string_view option, std::string_view words, Enum Options::*member) {
  return {option, words, [words, member](Options& options, auto name, std::string_view value) {
            options.*member = static_cast<Enum>(place(name, value, words));
          }};
}

template <class Enum>
Row choices(std::string_view option, std::string_view words, std::vector<Enum> Options::*member) {
  return {option, words, [words, member](Options& options, auto name, std::string_view value) {
            (options.*member).clear();
            if (value == "none") return;
            for (const std::string_view word : split(value, ','))
              (options.*member).push_back(static_cast<Enum>(place(name, word, words)));
          }};
}

Row count(std::string_view option, std::uint64_t Options::*member, std::uint64_t least,
          std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = number(name, value, least, most);
          }};
}

Row text(std::string_view option, std::string_view values, std::string Options::*member) {
  return {option, values,
          [member](Options& options, auto, std::string_view value) { options.*member = value; }};
}

Row milliseconds(std::string_view option, std::chrono::milliseconds Options::*member,
                 std::uint64_t least, std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = std::chrono::milliseconds(number(name, value, least, most));
          }};
}

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

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows{
      text("--dir", "DIR", &Options::directory),
      count("--node", &Options::node, 1, kMostNodes),
      count("--nodes", &Options::nodes, 1, kMostNodes),
      count("--seed", &Options::seed, 0, ~std::uint64_t{0}),
      choice("--operation", "read write readv writev libaio io_uring fiemap", &Options::operation),
      choice("--direction", "read write", &Options::direction),
      choice("--access", "direct buffered append", &Options::access),
      choice("--buffer", "same-file next-node anonymous own-file same-page next-process",
             &Options::buffer),
      choice("--mapping", "shared private", &Options::mapping),
      choice("--resident", "none first-page every-other all", &Options::resident),
      choice("--eviction", "dontneed pageout cgroup", &Options::eviction),
      choice("--alignment", "page sector odd", &Options::alignment),
      choice("--state", "allocated hole preallocated crossing-end past-end", &Options::state),
      choice("--fsync", "none after beside", &Options::fsync),
      count("--transfer", &Options::transfer, kSector, kLargestTransfer),
      count("--file-size", &Options::file_size, 2 * kSector, kLargestFile),
      count("--processes", &Options::processes, 1, kMostWorkers),
      count("--threads", &Options::threads, 1, kMostWorkers),
      choices("--disturb", "evict truncate punch demote", &Options::disturb),
      choices("--observe", "buffered direct mapped", &Options::observe),
      choice("--inject", "none flipped-bit stale-block short-return", &Options::inject),
      milliseconds("--duration-ms", &Options::duration, 1, kLongestMs),
      milliseconds("--sample-ms", &Options::sample, 0, 60'000),
      {"--peers", "ADDRESS:PORT,…", set_peers},
      text("--glock-table", "TABLE", &Options::glock_table),
      choice("--drop-caches", "no yes", &Options::drop_caches),
  };
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

void check(const Options& options) {
  if (options.directory.empty()) throw UsageMistake("--dir is missing");
  if (options.node == 0 || options.nodes == 0) throw UsageMistake("--node or --nodes is missing");
  if (options.node > options.nodes) throw UsageMistake("--node is above --nodes");
  check_sizes(options);
  check_together(options);
}

}  // namespace

bool Options::writes() const {
  switch (operation) {
    case Operation::write:
    case Operation::writev:
      return true;
    case Operation::libaio:
    case Operation::io_uring:
      return direction == Direction::write;
    default:
      return false;
  }
}

std::string usage() {
  std::string text = "usage: mmap-dio prepare|run|verify --dir DIR --node I --nodes N …\n";
  for (const Row& row : rows())
    text += "  " + std::string(row.option) + " " + std::string(row.values) + "\n";
  return text;
}

Options read_options(int count, const char* const* arguments) {
  static constexpr std::string_view kActions = "prepare run verify";
  const std::string_view action = count > 1 ? arguments[1] : "";
  if (action.empty() ||
      std::string_view(" prepare run verify ").find(" " + std::string(action) + " ") ==
          std::string_view::npos)
    throw UsageMistake("the first word must be prepare, run or verify");
  Options options;
  options.action = static_cast<Action>(place("action", action, kActions));
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

}  // namespace gridlock::mdio
