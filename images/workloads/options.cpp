// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/options.h"

#include <charconv>
#include <string_view>

namespace gridlock::mdio {

const char kUsage[] =
    "usage: mmap-dio prepare|run|verify --dir DIR --node I --nodes N --seed S\n"
    "         --transfer BYTES --file-size BYTES\n"
    "         [--operation read|write] [--buffer same-file|next-node|anonymous]\n"
    "         [--duration-ms N] [--sample-ms N]\n";

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLargestTransfer = std::uint64_t{64} << 20;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;
constexpr std::uint64_t kLongestMs = std::uint64_t{7} * 24 * 3600 * 1000;
constexpr std::uint64_t kMostNodes = 64;

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    throw UsageMistake(std::string(option) + ": '" + std::string(text) + "' is not a number from " +
                       std::to_string(least) + " to " + std::to_string(most));
  return value;
}

void set(Options& options, std::string_view option, std::string_view value) {
  const auto wrong = [&] {
    return UsageMistake(std::string(option) + ": unknown value '" + std::string(value) + "'");
  };
  if (option == "--dir") {
    options.directory = value;
  } else if (option == "--node") {
    options.node = number(option, value, 1, kMostNodes);
  } else if (option == "--nodes") {
    options.nodes = number(option, value, 1, kMostNodes);
  } else if (option == "--transfer") {
    options.transfer = number(option, value, kPage, kLargestTransfer);
  } else if (option == "--file-size") {
    options.file_size = number(option, value, 2 * kPage, kLargestFile);
  } else if (option == "--duration-ms") {
    options.duration = std::chrono::milliseconds(number(option, value, 1, kLongestMs));
  } else if (option == "--sample-ms") {
    options.sample = std::chrono::milliseconds(number(option, value, 1, 60'000));
  } else if (option == "--seed") {
    options.seed = number(option, value, 0, ~std::uint64_t{0});
  } else if (option == "--operation") {
    if (value != "read" && value != "write") throw wrong();
    options.operation = value == "read" ? Operation::read : Operation::write;
  } else if (option == "--buffer") {
    if (value == "same-file")
      options.buffer = Buffer::same_file;
    else if (value == "next-node")
      options.buffer = Buffer::next_node;
    else if (value == "anonymous")
      options.buffer = Buffer::anonymous;
    else
      throw wrong();
  } else {
    throw UsageMistake("unknown option '" + std::string(option) + "'");
  }
}

void check(const Options& options) {
  if (options.directory.empty()) throw UsageMistake("--dir is missing");
  if (options.node == 0 || options.nodes == 0) throw UsageMistake("--node or --nodes is missing");
  if (options.node > options.nodes) throw UsageMistake("--node is above --nodes");
  if (options.transfer % kPage != 0)
    throw UsageMistake("--transfer must be a multiple of " + std::to_string(kPage));
  if (options.file_size % options.transfer != 0 || options.transfers() < 2)
    throw UsageMistake("--file-size must be a multiple of --transfer, at least twice it");
  if (options.buffer == Buffer::next_node && options.nodes < 2)
    throw UsageMistake("--buffer next-node needs at least two nodes");
}

}  // namespace

Options read_options(int count, const char* const* arguments) {
  const std::string_view action = count > 1 ? arguments[1] : "";
  Options options;
  if (action == "prepare")
    options.action = Action::prepare;
  else if (action == "run")
    options.action = Action::run;
  else if (action == "verify")
    options.action = Action::verify;
  else
    throw UsageMistake("the first word must be prepare, run or verify");
  for (int i = 2; i < count; i += 2) {
    if (i + 1 == count) throw UsageMistake(std::string(arguments[i]) + ": the value is missing");
    set(options, arguments[i], arguments[i + 1]);
  }
  check(options);
  return options;
}

}  // namespace gridlock::mdio
